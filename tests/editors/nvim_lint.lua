-- A real Neovim with the nvim-lint set-up of docs/editors.md. The plugin can't be had from a package registry, so this
-- does with the linter's definition what nvim-lint does: it runs the command with the buffer on standard input, each line
-- with a line break, and hands its output to the parser.
local fails = 0
local function check(what, ok, extra)
  print((ok and 'ok   ' or 'FAIL ') .. what .. (extra and (': ' .. tostring(extra)) or ''))
  if not ok then fails = fails + 1 end
end
local lint = { linters = {} }
local namespace = vim.api.nvim_create_namespace('caulk')
function lint.try_lint(name)
  local linter = lint.linters[name]
  local bufnr = vim.api.nvim_get_current_buf()
  local command = { linter.cmd }
  for _, arg in ipairs(linter.args) do table.insert(command, type(arg) == 'function' and arg() or arg) end
  local output = {}
  local job = vim.fn.jobstart(command, {
    stdout_buffered = true,
    on_stdout = function(_, data) output = data end,
    on_exit = function(_, code)
      assert(code == 0 or linter.ignore_exitcode, 'exit status ' .. code)
      vim.diagnostic.set(namespace, bufnr, linter.parser(table.concat(output, '\n'), bufnr, vim.fn.getcwd()))
    end,
  })
  assert(linter.stdin and job > 0)
  local lines = vim.api.nvim_buf_get_lines(bufnr, 0, -1, true)
  vim.fn.chansend(job, table.concat(lines, '\n') .. '\n')
  vim.fn.chanclose(job, 'stdin')
end
package.preload['lint'] = function() return lint end
local function run()
  vim.o.hidden = true
  vim.o.swapfile = false
  dofile(vim.env.SNIPPET)
  local function codes(bufnr)
    local found = {}
    for _, diagnostic in ipairs(vim.diagnostic.get(bufnr)) do found[diagnostic.code or '?'] = diagnostic end
    return found
  end
  local function wait(condition) return vim.wait(20000, condition, 50) end
  vim.cmd('edit compose.yaml')
  local compose = vim.api.nvim_get_current_buf()
  check('diagnostics arrive', wait(function() return codes(compose)['store-no-auth'] ~= nil end))
  local store = codes(compose)['store-no-auth']
  if store then
    local line = vim.api.nvim_buf_get_lines(compose, store.lnum, store.lnum + 1, false)[1]
    check('the place is right', line:sub(store.col + 1, store.end_col) == vim.env.PLACE, line:sub(store.col + 1, store.end_col))
    check('it is an error', store.severity == vim.diagnostic.severity.ERROR or store.severity == vim.diagnostic.severity.WARN)
  end
  -- The buffer counts, not the file: nothing is saved.
  local text = table.concat(vim.api.nvim_buf_get_lines(compose, 0, -1, false), '\n'):gsub('%${BIND_IP}:', '')
  vim.api.nvim_buf_set_lines(compose, 0, -1, false, vim.split(text, '\n'))
  lint.try_lint('caulk')
  check('the buffer is read', wait(function() return codes(compose)['public-port'] ~= nil end), vim.inspect(codes(compose)))
  vim.cmd('edit .env')
  local env = vim.api.nvim_get_current_buf()
  vim.api.nvim_buf_set_lines(env, 0, -1, false, { '# é🚀', 'A=1', "A='" })
  lint.try_lint('caulk')
  check('the env file is read', wait(function() return #vim.diagnostic.get(env) > 0 end))
  vim.cmd('edit elsewhere/.env')
  lint.try_lint('caulk')
  vim.wait(1000)
  check('an env file of no project is no error', #vim.diagnostic.get(0) == 0)
end
local ok, err = xpcall(run, debug.traceback)
check('the script runs', ok, err)
print(fails .. ' failed')
vim.cmd(fails == 0 and 'qall!' or 'cquit!')
