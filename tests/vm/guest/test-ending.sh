#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every way a confined login ends takes everything along; the twin shows what an unconfined one leaves behind.
. ./lib.sh

left='setsid sleep 4007 </dev/null >/dev/null 2>&1 & setsid nohup sleep 4008 </dev/null >/dev/null 2>&1 & sleep 0.3'
remote bob "$left"
check_true "twin: what bob leaves behind lives on" pid_of bob sleep 4007
pkill -u bob -x sleep
check "alice logs out" "0" "$(remote alice "$left"; echo $?)"
check_all_ended "logout"

start_session alice "$left; sleep 4009"
check_not "before terminate-session there is a session" "" "$session"
loginctl terminate-session "$session"
check_true "terminate-session: the client is let go" wait_for 20 eval "! kill -0 $login"
wait "$login" 2>/dev/null
check_all_ended "terminate-session"

start_session alice "$left; sleep 4009"
monitor=$(loginctl show-session "$session" -p Leader --value)
check_match "the session's leader is sshd's monitor" "sshd: alice*" "$(tr '\0' ' ' <"/proc/$monitor/cmdline" 2>&1)"
kill -KILL "$monitor"
check_all_ended "SIGKILL to sshd's monitor"
end_session
finish
