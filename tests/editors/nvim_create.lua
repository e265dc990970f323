-- A real Neovim repairs a project whose env file does not exist yet. $SNIPPET is the set-up of docs/editors.md.
local fails = 0
local function check(what, ok, extra)
  print((ok and 'ok   ' or 'FAIL ') .. what .. (extra and (': ' .. tostring(extra)) or ''))
  if not ok then fails = fails + 1 end
end
local function run()
  vim.o.hidden = true
  vim.o.swapfile = false
  dofile(vim.env.SNIPPET)
  vim.cmd('edit docker-compose.yml')
  check('diagnostics arrive', vim.wait(20000, function() return #vim.diagnostic.get(0) > 0 end, 50))
  vim.ui.select = function(items, options, choose)
    for at, item in ipairs(items) do
      if options.format_item(item):find('repair all that is safe', 1, true) then choose(item, at) end
    end
  end
  vim.lsp.buf.code_action({ context = { only = { 'source.fixAll.caulk' }, diagnostics = {} }, apply = true })
  check('all is repaired', vim.wait(20000, function()
    return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n'):find('requirepass', 1, true) ~= nil
  end, 50))
  vim.cmd('wall')
  check('the env file is there', vim.fn.filereadable('.env') == 1)
end
local ok, err = xpcall(run, debug.traceback)
check('the script runs', ok, err)
print(fails .. ' failed')
vim.cmd(fails == 0 and 'qall!' or 'cquit!')
