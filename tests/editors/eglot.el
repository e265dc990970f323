;;; eglot.el --- a real Eglot with the set-up of docs/editors.md  -*- lexical-binding: t -*-
;; $SNIPPET is the set-up; the current folder holds the project of tests/editors.rs.
(load (expand-file-name "common.el" (getenv "DRIVERS")))
(setq eglot-autoshutdown t eglot-sync-connect 20 eglot-confirm-server-initiated-edits nil
      eglot-report-progress nil eglot-send-changes-idle-time 0)
(condition-case err
    (progn
      (load (getenv "SNIPPET"))
      (let* ((folder default-directory)
             (project-find-functions (list (lambda (_) (cons 'transient folder))))
             (env (find-file-noselect ".env"))
             (compose (find-file-noselect "compose.yaml")))
        ;; `eglot-ensure' waits for the end of a command, of which there is none here.
        (dolist (buffer (list env compose))
          (with-current-buffer buffer (run-hooks 'post-command-hook))
          (check (format "%s is served" buffer)
                 (wait-until (lambda () (with-current-buffer buffer (eglot-managed-p))))))
        (with-current-buffer compose
          (check "diagnostics arrive"
                 (wait-until (lambda () (flymake-start) (diagnostics-about "no password")))
                 (mapcar #'flymake-diagnostic-text (flymake-diagnostics)))
          (let ((store (car (diagnostics-about "no password"))))
            (when store (check "the place is right" (equal (covered store) (getenv "PLACE")) (covered store))))
          (with-current-buffer env
            (goto-char (point-min))
            (search-forward "127.0.0.1")
            (replace-match "")
            (eglot--signal-textDocument/didChange))
          (check "an edit in .env reaches the Compose file"
                 (wait-until (lambda () (flymake-start) (diagnostics-about "on every address"))))
          (let ((port (car (diagnostics-about "on every address"))))
            (when port
              (check "its place is right" (equal (covered port) "\"${BIND_IP}:6379:6379\"") (covered port))
              (goto-char (1+ (flymake-diagnostic-beg port)))))
          (let ((hover (jsonrpc-request (eglot-current-server) :textDocument/hover (eglot--TextDocumentPositionParams))))
            (check "hover tells where the value is from"
                   (string-match-p "BIND_IP =   .env:2" (plist-get (plist-get hover :contents) :value))
                   (plist-get (plist-get hover :contents) :value)))
          (caulk-fix-all)
          (check "all is repaired"
                 (wait-until (lambda () (save-excursion (goto-char (point-min)) (search-forward "requirepass" nil t)))))
          ;; Eglot tells of changes when Emacs is idle, which it never is here.
          (dolist (buffer (list env compose))
            (with-current-buffer buffer (eglot--signal-textDocument/didChange)))
          (check "nothing is left" (wait-until (lambda () (flymake-start) (null (flymake-diagnostics))))
                 (mapcar #'flymake-diagnostic-text (flymake-diagnostics))))
        (save-some-buffers t)
        (eglot-shutdown (with-current-buffer compose (eglot-current-server)))))
  (error (check "the script runs" nil (error-message-string err))))
(finish)
