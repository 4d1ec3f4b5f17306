"""What whoever runs Signal must know, for the pages of the bridge and of the channel (Markdown)."""

from typing import Final

SET_UP: Final = """\
1. Get a phone number for the hub alone: one that can take an SMS or a call once, and that the hub keeps.
   Whoever gets it later can take over the account.
2. Install [signal-cli](https://github.com/AsamK/signal-cli) 0.14 or newer (its native build needs no Java),
   and keep it new: Signal shuts out old ones after some months. It goes on the machine where ingest and
   notifier run, under a user of its own: its folder holds the account's keys, and messages while they wait.
3. Register: `signal-cli -a +44… register`. Signal mostly wants a captcha, and signal-cli says where to
   solve it. Then `signal-cli -a +44… verify CODE`.
4. Set a registration lock and a name: `signal-cli -a +44… setPin PIN`, then `signal-cli -a +44…
   updateProfile --given-name "Name of the hub"`.
5. Run the daemon, best under systemd with `Restart=always`:

   ```sh
   signal-cli daemon --http=127.0.0.1:7583 --receive-mode=on-connection \\
     --no-receive-stdout --ignore-attachments --ignore-stories
   ```

   Never give it another address than 127.0.0.1, and let nobody else log in on that machine: the daemon has
   no password, and whoever reaches it reads and writes in the hub's name. Never run it with
   `--trust-new-identities=always`: then whoever takes over a member's number would be that member.
6. Put the number where `account` says (say, `export SIGNAL_ACCOUNT=+44…` for ingest and notifier), and
   start both with the same bridges file. `relay status` shows the bridge as CONNECTED.
7. From now on the daemon holds the account, so commands are said to it:

   ```sh
   ask() { curl -s http://127.0.0.1:7583/api/v1/rpc -H 'Content-Type: application/json' -d \\
     '{"jsonrpc":"2.0","id":1,"method":"'"$1"'","params":{"account":"+44…"'"$2"'}}'; }
   ask listGroups                                                  # the groups and their ids
   ask updateGroup ',"groupId":"ID"'                               # accept an invitation
   ask trust ',"recipient":"+44…","verifiedSafetyNumber":"…"'      # a member's new key
   ask send ',"recipient":"+44…","message":"test"'                 # shows Signal's own answer
   ask submitRateLimitChallenge ',"challenge":"TOKEN OF THAT ANSWER","captcha":"signalcaptcha://…"'
   ```

8. For a verifiers' group: make it in a phone's app, add the hub's number, accept the invitation, and give
   the group's id to its [channel](channel-signal.md). Let one account do both: then members can answer its
   alerts.

**In containers** a loopback address is each container's own. Give the daemon's container a folder that
ingest and notifier share with it, open a socket in it (`socat
UNIX-LISTEN:/run/signal/http.sock,fork,mode=660 TCP:127.0.0.1:7583`), and write `daemon:
unix:/run/signal/http.sock`. The folder's permissions are then the lock.
"""

WHILE_AWAY: Final = """\
With `--receive-mode=on-connection` signal-cli fetches nothing while nobody reads: messages wait at Signal,
for weeks, and come when the bridge is back. In its default mode it would fetch them, and forget them. A
recent signal-cli keeps its last 1,000 events in memory, and is asked for them after every break. What an
older one fetched in the seconds before it noticed that the bridge was gone is lost; so is what lay only in
that memory when the daemon itself was killed. A message that is told twice is one report. What is older
than 13 days is not taken.
"""

READING: Final = """\
- When a sender's key is new (a new phone, or somebody who took over the number), signal-cli keeps their
  messages back until you say `trust` (step 7). Ingest's `/health/bridges` counts them as
  `ignored.untrusted_sender`: ask the member first.
- A message that is edited within half an hour is one more report of its sender's, unless it is a reply to
  the desk; what it said before stays. Deletions, reactions, stickers and pictures are not read; a picture's
  caption is.
- Of a text with more than 2,000 characters the end may be missing: Signal carries it as an attachment.
- In a group the bridge takes what answers or mentions the account, what has the hashtag, and a desk word
  with a code. Everything else is dropped in memory, unstored. The group is told so (`tells_chats`, in
  English) when Signal says that it changed, as when the account is added; once after each start. Where you
  accepted an invitation for the account, tell the group yourself.
- A receipt is sent once, three an hour to a person at most, and in private only. Signal may refuse it; the
  report is stored all the same (`receipt.…` in ingest's `/health/bridges`).
- BAD_CREDENTIALS in `relay status`: the daemon does not have the account (`no_such_account`), or reads
  another (`other_account`). Write `account` as the daemon names it: the number, or the account id (ACI) of
  one without.
"""

SENDING_SET_UP: Final = """\
1. Set up signal-cli as the page of the [bridge](bridge-signal.md#set-up) says: a number for the hub alone,
   registered, with a PIN, its daemon on 127.0.0.1 only.
2. Make the group in a phone's app, add the number, and accept the invitation; `listGroups` shows the
   group's id (step 7 there). Write it as `group:ID`.
3. Put the number where `account` says, in the notifier's environment or in a file. Then test the channel
   (the button on its page, or `relay group test-channel`).
"""

SENDING: Final = """\
- *Delivered* means that signal-cli handed it to Signal. Signal has no key against copies: what broke off on
  the way is sent once more, so a second copy is possible, a third is not.
- A message to a group is one delivery. If Signal took it for some members and not for others it counts as
  delivered, because the others would get it twice; the notifier's log then says
  `signal_group_partly_reached`.
- Signal limits how much an account writes, to strangers above all. The outcome is then `rate_limited`, or
  `captcha_needed`, often for a day; a captcha is solved with `submitRateLimitChallenge`. So use
  groups, let people write to the account first, and never make Signal a group's only channel.
- The first message to a group, and one to many members, can take longer than `RELAY_SEND_DEADLINE_S`; the
  outcome is then unknown. Send a test before it matters.
- `untrusted_identity`: a person's key is new. Ask them, then `trust` it. `unregistered`: nobody has
  Signal there. `refused_by_signal`: mostly the account is not in that group.
"""
