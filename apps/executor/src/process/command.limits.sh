# Bash reads this before the command that it runs, by BASH_ENV (shell.limits.ts). Nothing of it is left in the command's environment.
ulimit -u "$WARMBOX_MAX_PROCESSES" 2>/dev/null
unset BASH_ENV WARMBOX_MAX_PROCESSES
