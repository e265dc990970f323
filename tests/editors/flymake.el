;;; flymake.el --- a real Flymake with the set-up of docs/editors.md  -*- lexical-binding: t -*-
;; $SNIPPET is the set-up; the current folder holds the project of tests/editors.rs.
(load (expand-file-name "common.el" (getenv "DRIVERS")))
(condition-case err
    (progn
      (load (getenv "SNIPPET"))
      (with-current-buffer (find-file-noselect "compose.yaml")
        (check "flymake is on" flymake-mode)
        (flymake-start)
        (check "diagnostics arrive" (wait-until (lambda () (diagnostics-about "no password")))
               (mapcar #'flymake-diagnostic-text (flymake-diagnostics)))
        (let ((store (car (diagnostics-about "no password"))))
          (when store (check "the place is right" (equal (covered store) (getenv "PLACE")) (covered store))))
        ;; The buffer counts, not the file: nothing is saved.
        (goto-char (point-min))
        (search-forward "${BIND_IP}:")
        (replace-match "" t t)
        (flymake-start)
        (check "the buffer is read" (wait-until (lambda () (diagnostics-about "on every address")))
               (mapcar #'flymake-diagnostic-text (flymake-diagnostics)))
        (let ((port (car (diagnostics-about "on every address"))))
          (when port (check "its place is right" (equal (covered port) "\"6379:6379\"") (covered port)))))
      (with-current-buffer (find-file-noselect ".env")
        (goto-char (point-max))
        (insert "A='\n")
        (flymake-start)
        (check "the env file is read" (wait-until (lambda () (flymake-diagnostics))))))
  (error (check "the script runs" nil (error-message-string err))))
(finish)
