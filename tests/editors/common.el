;;; common.el --- what the drivers of a real Emacs share  -*- lexical-binding: t -*-
(require 'package)
(package-initialize)
(require 'flymake)
(setq make-backup-files nil auto-save-default nil create-lockfiles nil)

(defvar fails 0)
(defun check (what ok &optional extra)
  (princ (format "%s %s%s\n" (if ok "ok  " "FAIL") what (if extra (format ": %s" extra) "")))
  (unless ok (setq fails (1+ fails))))

(defun wait-until (condition)
  "Wait until CONDITION holds, at most 20 seconds; its value."
  (let ((start (float-time)) value)
    (while (and (not (setq value (funcall condition))) (< (- (float-time) start) 20))
      (accept-process-output nil 0.05))
    value))

(defun diagnostics-about (text)
  "The diagnostics of the buffer that say TEXT."
  (seq-filter (lambda (diagnostic) (string-match-p (regexp-quote text) (flymake-diagnostic-text diagnostic)))
              (flymake-diagnostics)))

(defun covered (diagnostic)
  (buffer-substring-no-properties (flymake-diagnostic-beg diagnostic) (flymake-diagnostic-end diagnostic)))

(defun finish ()
  (princ (format "%d failed\n" fails))
  (kill-emacs (if (= fails 0) 0 1)))
