-- A real Neovim with the set-up of docs/editors.md: diagnostics, an edit in another file, hover, and "repair all".
-- $SNIPPET is the set-up; the current folder holds the project of tests/editors.rs.
local fails = 0
local function check(what, ok, extra)
  print((ok and 'ok   ' or 'FAIL ') .. what .. (extra and (': ' .. tostring(extra)) or ''))
  if not ok then fails = fails + 1 end
end
local function wait(condition) return vim.wait(20000, condition, 50) end
local function finish()
  print(fails .. ' failed')
  vim.cmd(fails == 0 and 'qall!' or 'cquit!')
end
local function run()
  vim.o.hidden = true
  vim.o.swapfile = false
  dofile(vim.env.SNIPPET)
  vim.cmd('edit .env')
  local env = vim.api.nvim_get_current_buf()
  vim.cmd('edit compose.yaml')
  local compose = vim.api.nvim_get_current_buf()
  local function codes()
    local found = {}
    for _, diagnostic in ipairs(vim.diagnostic.get(compose)) do found[diagnostic.code] = diagnostic end
    return found
  end
  check('diagnostics arrive', wait(function() return codes()['store-no-auth'] ~= nil end), vim.inspect(codes()))
  local port = codes()['public-port']
  check('the port is bound to loopback by the env file', port == nil)
  -- The service stands behind characters of several bytes.
  local store = codes()['store-no-auth']
  if store then
    local line = vim.api.nvim_buf_get_lines(compose, store.lnum, store.lnum + 1, false)[1]
    check('the place is right', line:sub(store.col + 1, store.end_col) == vim.env.PLACE, line:sub(store.col + 1, store.end_col))
  end
  vim.api.nvim_buf_set_lines(env, 1, 2, false, { 'BIND_IP=' })
  check('an edit in .env reaches the Compose file', wait(function() return codes()['public-port'] ~= nil end))
  port = codes()['public-port']
  if port then
    local line = vim.api.nvim_buf_get_lines(compose, port.lnum, port.lnum + 1, false)[1]
    check('its place is right', line:sub(port.col + 1, port.end_col) == '"${BIND_IP}:6379:6379"', line:sub(port.col + 1, port.end_col))
    vim.api.nvim_win_set_cursor(0, { port.lnum + 1, port.col + 2 })
  end
  local shown = ''
  local position = vim.lsp.util.make_position_params(0, vim.env.ENCODING)
  for _, answer in pairs(vim.lsp.buf_request_sync(compose, 'textDocument/hover', position, 10000) or {}) do
    shown = answer.result and answer.result.contents.value or ''
  end
  check('hover tells where the value is from', shown:find('BIND_IP =   .env:2', 1, true) ~= nil, shown)
  -- As a person does: list the actions, and choose.
  local titles = {}
  vim.ui.select = function(items, options, choose)
    for _, item in ipairs(items) do table.insert(titles, options.format_item and options.format_item(item) or '?') end
    for at, item in ipairs(items) do
      if titles[at]:find('repair all that is safe', 1, true) then choose(item, at) end
    end
  end
  vim.lsp.buf.code_action({ context = { only = { 'source.fixAll.caulk' }, diagnostics = {} }, apply = true })
  check('all is repaired', wait(function()
    local text = table.concat(vim.api.nvim_buf_get_lines(compose, 0, -1, false), '\n')
    return text:find('requirepass', 1, true) and text:find('127.0.0.1', 1, true)
  end), table.concat(titles, ' | '))
  check('nothing is left', wait(function() return #vim.diagnostic.get(compose) == 0 end), vim.inspect(codes()))
  vim.cmd('wall')
end
local ok, err = xpcall(run, debug.traceback)
check('the script runs', ok, err)
finish()
