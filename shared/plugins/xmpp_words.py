"""What the page of the XMPP bridge tells whoever sets it up (Markdown), and what it tells who writes."""

from typing import Final

CANNOT_READ: Final = (
    "This account cannot read encrypted messages (OMEMO, OpenPGP). Nobody has read yours. "
    "Please switch encryption off for this chat and write again."
)

SET_UP: Final = """\
1. Make an account for the hub, on a server whose people you trust: they can read what is written to it. With
   Prosody of your own: `prosodyctl adduser relay@example.org`.
2. On that server switch on the archive, so that nothing is lost while the relay is away, and let it forget
   soon. Prosody: `"mam"` in `modules_enabled`, `archive_expires_after = "3d"`; for rooms `modules_enabled =
   { "muc_mam" }` in the component, and `muc_log_expires_after = "3d"`. How much may wait meanwhile is said
   below.
3. Put the password into the environment of ingest and notifier as `RELAY_XMPP_PASSWORD`: with this name no
   group's channel can refer to it.
4. Where the server is on the same machine, or its certificate comes from an authority of your own, say so
   with `server` and `ca_file`. Without TLS and a certificate for the domain nothing is said to it.
5. For a room: let it show true addresses to all (*non-anonymous*, `whois: anyone`), else no member's desk
   word is taken there. If it is for members only, make the account a member. Put its address under `rooms`.
6. Add the entry below to the bridges file, and restart ingest and notifier. `relay status` shows the bridge
   as CONNECTED; as BAD_CREDENTIALS where the password is wrong.
7. Write to the account, without encryption, from any server: a receipt comes back.
"""

WHILE_AWAY: Final = """\
With an archive nothing is lost for as long as that keeps it: at every start the relay asks the account's
archive, and each room's, for the last thirteen days, and after a break for what came since. What it knows
already is no second report. Without an archive a server keeps messages to the account and brings them once:
those that it was bringing at the moment when ingest is killed are lost. A room without an archive tells who
comes in its last words, with Prosody 20, without who wrote them: marked messages are taken from those, desk
replies not. What a server is told while it is killed itself, it may lose or tell twice: the writer's app
then sends it again, and what carries the same id is the same report. Tried: of 400 messages, half of them
in a room, that were written while ingest was killed twenty times, all were stored with archives, 383
without. Where the account comes into a room for the first time, marked messages of the last thirteen days
are taken, with their time.
"""

READING: Final = """\
- **No end-to-end encryption.** Whoever writes encrypted (OMEMO, OpenPGP) is told, once an hour, that nobody
  can read it. Most apps do not encrypt to an account that has no keys, as this one.
- **In a room** the bridge takes what answers it, begins with its name (`relay: …`) or has it behind an @,
  what has the hashtag, and a desk word with a code. Everything else is dropped in memory, unstored. The room
  is told so when the account comes in (`tells_chats`), once for as long as its archive or history goes back;
  in English. The answer to a desk word goes to the room; a report there is answered nowhere.
- **Receipts.** An app that asks for a delivery receipt (XEP-0184) gets it when the report is stored.
- **Words and places.** Text counts, and a shared place (`geo:`). Pictures, files and voice messages do not;
  nor do edits and reactions; deleting a message takes no report back.
- **Who vouches for a member.** A server vouches for its own accounts, and whoever runs it can write in their
  name. Enrol members only from servers that you would trust with that.
- **The account is the relay's alone.** With another app open on it, a server may bring messages there.
- **Copies.** XMPP knows no message again. When the connection breaks before the server said that it took an
  answer, it is sent a second time, never a third.
- **Nobody is added to a contact list**, and who asks to see whether the account is there is refused: so the
  server keeps no list of who wrote.
- `room_not_told` in ingest's `/health/bridges`: the account has no voice in a room; make it a participant.
- `room_refused` in ingest's `/health/bridges`: a room does not let the account in, or somebody has its name
  there. It is tried again every minute. `refused.key_used_for_another_report` after a start is what the
  archive told again, with its time.
- **Tested** with Prosody 0.12: direct and in a room, with and without archives, killed and restarted. Never
  with ejabberd.
"""
