#!/bin/sh
# A stand-in for ssh: `stand_in_for_ssh.sh HOST COMMAND` runs COMMAND here, with
# $STAND_IN/HOST as its home and the programs of $STAND_IN/bin first. The N-th
# command from now on meets the fault of line "N FAULT" of $STAND_IN/faults:
#
#   refuse      no connection
#   hang        a connection that says nothing
#   cut-input   the connection is lost before the command has all of its input
#   cut-output  ... before its output is here
#   end-output  the same, but nobody notices
host=$1
shift
: >> "$STAND_IN/commands"
echo "$*" >> "$STAND_IN/commands"
count=$(wc -l < "$STAND_IN/commands")
fault=$(sed -n "s/^$((count)) //p" "$STAND_IN/faults" 2>/dev/null)
HOME=$STAND_IN/$host
PATH=$STAND_IN/bin:$PATH
unset XDG_CACHE_HOME
export HOME PATH
if [ ! -d "$HOME" ]; then
  echo "ssh: Could not resolve hostname $host: Name or service not known" >&2
  exit 255
fi
cd "$HOME" || exit 255
case $fault in
refuse)
  echo "ssh: connect to host $host port 22: Connection refused" >&2
  exit 255 ;;
hang)
  exec sleep 1000 ;;
cut-input)
  head -c 1000 | sh -c "$*"
  echo "Connection to $host closed by remote host." >&2
  exit 255 ;;
cut-output)
  sh -c "$*" | head -c 30
  echo "Connection to $host closed by remote host." >&2
  exit 255 ;;
end-output)
  sh -c "$*" | head -c 30
  exit 0 ;;
esac
# In a session of its own: the end of ssh does not end what it has started.
setsid sh -c "$*"
