#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A broken policy lets in root and the exempt, nobody else, and says where it is broken.
. ./lib.sh

cp /root/policy.good $policy
check "twin: with the good policy alice gets in" "alice" "$(remote alice id -un 2>&1)"
echo 'NoSuchKey=yes' >>$policy
line=$(wc -l <$policy)
since=$(date '+%F %T')
for person in alice bob; do
	output=$(remote "$person" "touch ran-$person; echo ran" 2>/dev/null)
	status=$?
	check "broken policy: $person runs nothing" "" "$output$(ls "/home/$person/ran-$person" 2>/dev/null)"
	check_not "broken policy: $person is refused" "0" "$status"
done
for person in root carol; do
	check "broken policy: $person gets in" "$person" "$(remote "$person" id -un 2>&1)"
done
check_match "broken policy: the journal names file and line" "*$policy:$line:*" \
	"$(journalctl --since "$since" --no-pager | grep -F "$policy")"
check "broken policy: sandbox-run is 125" "125" "$(runuser -u bob -- sandbox-run -- true 2>/dev/null; echo $?)"
cp /root/policy.good $policy
check "mended policy: alice gets in" "alice" "$(remote alice id -un 2>&1)"
check_all_ended "at the end"
finish
