#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command lines of sandbox-run and sandboxctl, and what sandbox-run does as the helper's parent (--status). The programs are
# copied beside a stand-in for the helper, which prints what it was given: nothing here needs a sandbox or root.
# Called with the build directory.
set -u
build=${1:?usage: test-cli.sh BUILDDIR}
work=$(mktemp -d /tmp/test-cli.XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
cp "$build/sandbox-run" "$build/sandboxctl" "$work/" || exit 1
cd "$work" || exit 1

cat > sandbox-helper <<'END'
#!/bin/bash
# Prints its arguments in brackets; where the command is "act", does as its first argument says.
descriptor=
for word in "$@"; do case $word in --status-fd=*) descriptor=${word#*=};; esac; done
while [ $# -gt 0 ] && [ "$1" != act ]; do printf '[%s]' "$1"; shift; done
echo
[ "${1:-}" = act ] || exit 0
shift
eval "$1"
END
chmod 755 sandbox-helper

ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "not ok: $1"; shift; [ $# = 0 ] || printf '    %s\n' "$@"; }

# passes NAME EXPECTED ARG...: what the helper is given
passes() {
	local name=$1 expected=$2 got
	shift 2
	got=$("$@" 2>&1 | sed "s|$work|WORK|g")
	if [ "$got" = "$expected" ]; then ok; else bad "$name" "wanted $expected" "got    $got"; fi
}

# refuses NAME STATUS TEXT ARG...: status and a part of the message; the helper is not called
refuses() {
	local name=$1 status=$2 text=$3 got code
	shift 3
	got=$("$@" 2>&1 >out)
	code=$?
	if [ $code = "$status" ] && [[ $got == *"$text"* ]] && [ ! -s out ] && [[ $got == *hint:* ]]; then
		ok
	else
		bad "$name" "wanted $status and $text with a hint" "got $code and $got" "$(head -c 200 out)"
	fi
}

# status NAME EXPECTED ARG...
status() {
	local name=$1 expected=$2 code
	shift 2
	timeout --foreground -k 5 30 "$@" >out 2>err
	code=$?
	if [ $code = "$expected" ]; then ok; else bad "$name" "wanted status $expected, got $code" "$(cat err)"; fi
}

R=./sandbox-run
passes "a command is passed word for word" '[run][--][a  b][][c
d][--quiet]' $R "a  b" "" $'c\nd' --quiet
passes "no command: nothing follows --" '[run][--]' $R
passes "-- ends the options" '[run][--][-q]' $R -- -q
passes "the first word that is no option ends them" '[run][--quiet][--][true][-v]' $R -q true -v
passes "a lone - is a command" '[run][--][-]' $R -
passes "long option, value apart" '[run][--profile=ci][--][x]' $R --profile ci x
passes "long option, value joined" '[run][--profile=ci][--][x]' $R --profile=ci x
passes "an empty value is a value" '[run][--profile=][--][x]' $R --profile= x
passes "short option, value apart" '[run][--profile=ci][--][x]' $R -p ci x
passes "short option, value joined" '[run][--profile=ci][--][x]' $R -pci x
passes "short options joined, the last with a value" '[run][--quiet][--name=n][--][x]' $R -qn n x
passes "settings keep their order" '[run][--set=A=1][--set=B=2][--set=A==3][--][x]' $R -s A=1 --set B=2 -sA==3 x
passes "an absolute bind" '[run][--set=BindPaths="/srv/a"][--][x]' $R -b /srv/a x
passes "a bind with target" '[run][--set=BindPaths="/srv/a:/mnt"][--][x]' $R --bind /srv/a:/mnt x
passes "a relative bind" '[run][--set=BindReadOnlyPaths="WORK/a"][--][x]' $R --bind-ro a x
passes "a bind of ." '[run][--set=BindPaths="WORK"][--][x]' $R -b . x
passes "a bind of ./a//b/" '[run][--set=BindPaths="WORK/a/b"][--][x]' $R -b ./a//b/ x
passes "a bind of .. is resolved" '[run][--set=BindPaths="/tmp"][--][x]' $R -b .. x
passes "the root stays the root" '[run][--set=BindPaths="/"][--][x]' $R -b / x
passes "quotes, backslash, percent and blank are escaped" '[run][--set=BindPaths="/a \"b\\c%%d"][--][x]' $R -b '/a "b\c%d' x
passes "a variable with a value" '[run][--set=Environment="A=b c"][--][x]' $R -E 'A=b c' x
passes "newline and tab in a variable" '[run][--set=Environment="A=1\n2\t3"][--][x]' $R -E A=$'1\n2\t3' x
passes "a variable of the caller" '[run][--set=Environment="OWN=50%%"][--][x]' env OWN=50% $R -E OWN x
passes "an empty variable of the caller" '[run][--set=Environment="OWN="][--][x]' env OWN= $R -E OWN x
passes "a directory" '[run][--set=WorkingDirectory=WORK/a][--][x]' $R -C a x
passes "a time" '[run][--set=RuntimeMaxSec=1h 30min][--][x]' $R -t '1h 30min' x
passes "flags" '[run][--dry-run][--json][--rootless][--verbose][--][x]' $R --dry-run --json --rootless -v x
passes "a person" '[run][--user=alice][--][x]' $R -u alice x

refuses "unknown long option" 125 'unknown option "--nosuch"' $R --nosuch x
refuses "unknown short option" 125 'unknown option "-z"' $R -z x
refuses "abbreviations are refused" 125 'did you mean --profile' $R --prof ci x
refuses "options of later versions are unknown" 125 'unknown option "--meta"' $R --meta f x
refuses "missing value" 125 '--profile needs a value: NAME' $R --profile
refuses "missing value of a short option" 125 '--set needs a value' $R -qs
refuses "a flag takes no value" 125 '--quiet takes no value' $R --quiet=yes x
refuses "twice" 125 '--profile is given twice' $R -p a --profile=b x
refuses "quiet and verbose" 125 'exclude each other' $R -qv x
refuses "two streams" 125 'exclude each other' $R --status f --status-fd 1 x
refuses "JSON without dry run" 125 '--json goes with --dry-run' $R --json x
refuses "no assignment" 125 'KEY=VALUE' $R -s TasksMax x
refuses "no key" 125 'KEY=VALUE' $R -s =1 x
refuses "not a descriptor" 125 'needs the number of a descriptor' $R --status-fd 3x x
refuses "negative descriptor" 125 'needs the number of a descriptor' $R --status-fd=-1 x
refuses "closed descriptor" 125 'no such descriptor is open' $R --status-fd 99 x
refuses "empty bind" 125 'not SRC or SRC:DST' $R -b '' x
refuses "relative target" 125 'absolute DST' $R -b /a:b x
refuses "a third part" 125 'a path with a colon' $R -b /a:/b:ro x
refuses "a missing .. path" 125 'No such file' $R -b nosuch/../a x
refuses "a bad variable name" 125 'needs NAME or NAME=VALUE' $R -E 1A=2 x
refuses "an unset variable" 125 'no such variable is set' env -u NOSUCH $R -E NOSUCH x
refuses "an empty directory" 125 'needs a directory' $R -C '' x
refuses "an empty time" 125 'needs a time' $R -t '' x
refuses "foreign bytes are quoted" 125 '"--\x1b[31m\x22\xff\xc2\x9b"' $R $'--\e[31m"\xff\xc2\x9b' x
refuses "a valid UTF-8 word stays readable" 125 '"--größe"' $R --größe x

got=$($R --help)
status "--help" 0 $R --help
if [ "$(grep -c -e '^  \(-.,\|   \) --' <<<"$got")" = 19 ] && ! grep -q -e --meta -e --report <<<"$got"; then ok; else bad "help lists the options"; fi
if [ "$(wc -L <<<"$got")" -le 110 ]; then ok; else bad "help is at most 110 columns wide"; fi
passes "version" "sandbox-run 0.1.0" $R --version
status "help into a full device fails" 125 bash -c './sandbox-run --help >/dev/full'

# The environment goes to the helper as it is, duplicates and nameless strings included.
status "environment unchanged" 0 bash -c 'A=1 LD_LIBRARY_PATH=/x ./sandbox-run act "[ \$A = 1 ] && [ \$LD_LIBRARY_PATH = /x ]"'

# No helper beside the program: the installed one, or 125.
mkdir alone && cp sandbox-run sandboxctl alone/
if [ ! -e /usr/libexec/sandbox-run/sandbox-helper ]; then
	refuses "no helper" 125 'cannot execute "/usr/libexec/sandbox-run/sandbox-helper"' alone/sandbox-run true
	refuses "no helper for sandboxctl" 2 'cannot execute' alone/sandboxctl list
	status "no helper with --status" 125 alone/sandbox-run --status s true
	if grep -q '"reason":"setup"' s && grep -q '"event":"error"' s; then ok; else bad "--status tells of a missing helper" "$(cat s)"; fi
else
	skipped=$((skipped + 1))
	echo "skip: no helper: an installed one is there"
fi

# --status: copied lines, exact status, signals.
line='{"event":"start","id":"x"}'
status "exit status 7" 7 $R --status s act "echo '$line' >&\$descriptor; exit 7"
if [ "$(cat s)" = "$line" ]; then ok; else bad "the line is copied" "$(cat s)"; fi
status "exit status 0" 0 $R --status s act true
status "exit status 255" 255 $R --status s act 'exit 255'
status "ended by SIGKILL: 137" 137 $R --status s act 'kill -KILL $$'
if [ "$(cat s)" = '{"event":"exit","reason":"signal","status":137,"code":0,"signal":9}' ]; then ok; else bad "a killed helper is told" "$(cat s)"; fi
status "many lines" 0 $R --status s act 'for i in {1..20000}; do echo "line $i"; done >&$descriptor'
if [ "$(wc -l <s)" = 20000 ] && [ "$(tail -n 1 s)" = "line 20000" ]; then ok; else bad "none is lost" "$(wc s)"; fi
status "a full device does not change the status" 3 $R --status /dev/full act 'echo x >&$descriptor; exit 3'
if grep -q 'cannot write "/dev/full"' err; then ok; else bad "a failed write is told" "$(cat err)"; fi
status "a file that cannot be opened" 125 $R --status /nosuch/file act 'touch ran'
if [ ! -e ran ]; then ok; else bad "nothing ran"; fi
status "SIGCHLD ignored by the caller" 4 bash -c "trap '' CHLD; exec $R --status s act 'exit 4'"
passes "nothing but the pipe is added" '[run][--status-fd=N][--][x]' bash -c "$R --status s x | sed 's/fd=[0-9]*/fd=N/'"
rm -f fifo; mkfifo fifo
timeout 5 cat fifo >copy &
reader=$!
status "a FIFO" 0 timeout 5 $R --status fifo act "echo '$line' >&\$descriptor"
wait $reader
if [ "$(cat copy)" = "$line" ]; then ok; else bad "the FIFO's reader gets the line"; fi

for signal in HUP INT QUIT TERM USR1 USR2; do
	rm -f ready
	# set -m: a background job of a plain script would ignore INT and QUIT
	(set -m; exec timeout --foreground 10 $R --status s act "trap 'exit 42' $signal; touch ready; for i in {1..200}; do sleep 0.02; done" >/dev/null 2>&1) &
	job=$!
	for _ in {1..250}; do [ -e ready ] && break; sleep 0.02; done
	child=$(pgrep -P "$job" 2>/dev/null | head -n 1)
	kill -$signal "${child:-$job}"
	wait $job
	code=$?
	if [ $code = 42 ]; then ok; else bad "$signal is passed on" "status $code"; fi
done

# Ends with 5 after the first interrupt or two seconds, telling how many came; "apart": in a process group of its own, which the
# terminal does not reach.
cat > count.py <<'END'
import os, signal, sys, time
if "apart" in sys.argv:
    os.setpgid(0, 0)
came = 0
def interrupt(*_):
    global came
    came += 1
signal.signal(signal.SIGINT, interrupt)
print("up", flush=True)
end = time.time() + 2
while time.time() < end and not came:
    time.sleep(0.02)
time.sleep(0.2)
print("ints=%d" % came)
sys.exit(5)
END

# The caller's terminal: Ctrl-Z stops both, fg continues both, Ctrl-C is not passed on: the group has it already.
cat > terminal.py <<'END'
import os, pty, select, signal, sys, time
pid, master = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "--norc", "-i"])
seen = b""
def wait_for(text, seconds=10):
    global seen
    end = time.time() + seconds
    while text not in seen:
        if time.time() > end:
            sys.exit("no %r in %r" % (text, seen))
        if select.select([master], [], [], 0.1)[0]:
            seen += os.read(master, 4096)
    seen = seen[seen.index(text) + len(text):]
def send(text):
    os.write(master, text)
send(b"PS1='> '; unset PROMPT_COMMAND; stty -echo\n")
time.sleep(0.3)
send(b"./sandbox-run --status s act 'exec python3 count.py'; echo st''atus=$?\n")
wait_for(b"up")
send(b"\x1a")
wait_for(b"Stopped")
send(b"jobs; fg; echo st''atus=$?\n")
wait_for(b"Stopped")
time.sleep(0.3)
send(b"\x03")
wait_for(b"ints=1")
wait_for(b"status=5")
send(b"./sandbox-run --status s act 'exec python3 count.py apart'; echo st''atus=$?\n")
wait_for(b"up")
send(b"\x03")
wait_for(b"ints=0")
wait_for(b"status=5")
os.kill(pid, signal.SIGHUP)
END
if timeout 40 python3 terminal.py >out 2>&1; then ok; else bad "terminal: stop, continue, interrupt" "$(cat out)"; fi

C=./sandboxctl
passes "list" '[list]' $C list
passes "list --stale --json" '[list][--stale][--json]' $C list --stale --json
passes "gc" '[gc]' $C gc
passes "features" '[features][--json]' $C features --json
passes "policy check" '[policy][check]' $C policy check
passes "policy check FILE, options after it" '[policy][check][--json][some file]' $C policy check "some file" --json
passes "a file that begins with -" '[policy][check][./-f]' $C policy check -- -f
passes "policy show of a person" '[policy][show][--service=sshd][--user=alice]' $C policy show alice --service sshd
passes "policy show of a profile" '[policy][show][--profile=ci][--origins]' $C policy show --profile ci --origins
passes "policy explain" '[policy][explain][--user=alice]' $C policy explain alice
passes "policy why" '[policy][why][--profile=ci][--set=Nice=5][--set=UMask=077][--json][/a][mount][Nice]' \
	$C policy why /a mount -p ci --set Nice=5 Nice -s UMask=077 --json
refuses "no command" 2 'no command' $C
refuses "unknown command" 2 'unknown command "stop"' $C stop x
refuses "unknown policy command" 2 'unknown command "learn"' $C policy learn
refuses "unknown option of a command" 2 'unknown option "--all"' $C list --all
refuses "one argument too many" 2 'unexpected argument "b"' $C policy show a b
refuses "gc takes no argument" 2 'unexpected argument "x"' $C gc x
status "the helper's status is ours" 1 bash -c 'printf "#!/bin/sh\nexit 1\n" >alone/sandbox-helper; chmod 755 alone/sandbox-helper; alone/sandboxctl list'
for command in "" list gc "policy" "policy check" "policy why" features doctor; do
	# shellcheck disable=SC2086 # words
	status "help of '$command'" 0 $C $command --help
done

# doctor over /etc of our own, in a mount namespace of our own.
doctor() {
	unshare -m bash -c 'mount --bind pam.d /etc/pam.d && exec ./sandboxctl doctor "$@"' - "$@"
}
# finds NAME TEXT: with pam.d as it is now
finds() {
	doctor >out 2>&1
	code=$?
	if [ $code = 1 ] && grep -q -e "$2" out; then ok; else bad "doctor: $1" "status $code, no $2 in" "$(grep -A99 '^PAM' out)"; fi
}
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	reset() { rm -rf pam.d; cp -r /etc/pam.d pam.d; sed -i /pam_sandbox/d pam.d/*; for s in pam.d/*; do add "$(basename "$s")"; done; }
	add() { case $1 in sshd | login | su | su-l | cron | atd | systemd-user) echo "session required pam_sandbox.so" >>"pam.d/$1" ;; esac; }
	reset
	doctor >out 2>&1
	if grep -q 'ok.*sshd: /etc/pam.d/sshd' out && ! grep -q 'PROBLEM.*pam.d' out; then ok; else bad "doctor: good PAM lines" "$(cat out)"; fi
	sed -i /pam_sandbox/d pam.d/sshd; finds "a service without a line" 'sshd: no line for pam_sandbox.so'
	reset; sed -i 's/^session required pam_sandbox/-&/' pam.d/sshd; finds "-session" 'sshd: /etc/pam.d/sshd:[0-9]*: "-session"'
	reset; sed -i 's/required pam_sandbox/optional pam_sandbox/' pam.d/su; finds "optional" 'su: .*control "optional"'
	reset; echo 'session required pam_limits.so' >>pam.d/su; finds "not the last line" 'su: .*is not the last session line: pam_limits.so'
	reset; echo 'session optional pam_motd.so' >>pam.d/common-session; sed -i '1i session required pam_sandbox.so' pam.d/common-session
	finds "twice, by an include" 'sshd: pam_sandbox.so stands 2 times'
	reset; sed -i 's/pam_sandbox.so/& debgu/' pam.d/cron; finds "unknown argument" 'no argument "debgu"'
	reset; sed -i '1i session sufficient pam_permit.so' pam.d/su; finds "a stack that may end earlier" 'pam_permit.so before our line'
	reset; printf 'session \\\n [success=ok ignore=ignore default=bad] \\\n pam_sandbox.so\n' >pam.d/su; finds "ignored by brackets" 'su: /etc/pam.d/su:1: control "\[success=ok'
	rm -rf pam.d; cp -r /etc/pam.d pam.d; sed -i /pam_sandbox/d pam.d/*
	doctor >out 2>&1
	if grep -q 'note.*no login service has a line' out; then ok; else bad "doctor: no PAM lines are a note" "$(cat out)"; fi
	doctor --json >out 2>&1
	if python3 -c 'import json, sys; d = json.load(open("out")); assert d["problems"] == sum(f["grade"] == "problem" for f in d["findings"]); assert d["findings"]'; then ok; else bad "doctor --json" "$(cat out)"; fi
else
	skipped=$((skipped + 1))
	echo "skip: doctor over other PAM files: root is needed"
fi
refuses "doctor takes no argument" 2 'unexpected argument "x"' $C doctor x

echo "test-cli: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
