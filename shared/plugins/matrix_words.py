"""What the pages of the Matrix bridge and channel tell whoever sets them up. Shown by both specs."""

from typing import Final

SET_UP: Final = """\
An application service is registered in the configuration of a homeserver, so you need one of your own
(Synapse, or another that speaks the application service API). No account is made by hand.

1. Make two secrets, each with `openssl rand -hex 32`, and put them into the environment of ingest and
   notifier as `RELAY_MATRIX_HS_TOKEN` and `RELAY_MATRIX_AS_TOKEN`. With these names no group's channel can
   refer to them: whoever has the as_token can read every chat with a reporter that the homeserver still has.
2. Write the registration beside the homeserver's configuration, readable by the homeserver alone. `url` is
   the address of ingest as the homeserver reaches it, with the `id` of this entry of the bridges file:

   ```yaml
   id: alert-relay
   url: http://127.0.0.1:8080/bridges/my-matrix
   hs_token: the value of RELAY_MATRIX_HS_TOKEN
   as_token: the value of RELAY_MATRIX_AS_TOKEN
   sender_localpart: relay
   rate_limited: false
   namespaces: {users: [], aliases: [], rooms: []}
   ```
3. Name that file in `homeserver.yaml` under `app_service_config_files`, and restart the homeserver.
4. Add the entry below to the bridges file and restart ingest and notifier. Ingest makes the account
   `@relay:example.org` and pings the homeserver, which pings back: `relay status` then shows the bridge as
   CONNECTED. Else it says why: `unreachable` (the homeserver is not there), `cannot_reach_us`
   (the `url` or the hs_token is wrong), `bad_credentials` (the as_token), `wrong_appservice` (the `id`).
5. Write to `@relay:example.org` from any account: a receipt comes back.
6. For a verifiers' room: make a room that is private and **not encrypted**, and copy its id (in Element: room
   settings, Advanced). Put the id under `desk_rooms`, and the account by which the group's channel
   [`matrix`](channel-matrix.md) sends its alerts there under `alerts_from`: so an answer to an alert takes
   its code, and no alert comes back as a report. Restart ingest, then invite `@relay:example.org`.
7. For a group's own room, in which the relay is to hear only what is meant for it: a room that is **not
   encrypted**, its id under `chat_rooms`. Restart ingest, then invite `@relay:example.org`: it says in the
   room what it takes there.
8. If the homeserver is on the same machine, let your proxy refuse `/bridges/my-matrix` from outside.
"""

WHILE_AWAY: Final = """\
The homeserver keeps what happens in our rooms and sends it in order, the same transaction again until it is
taken. An event is a report once, however often it comes. When ingest starts it pings the homeserver, and
Synapse sends at once what it kept. While the homeserver does not say who is in a room, nothing of that
transaction is taken, and it sends it again. What somebody wrote between the invitation and our coming in
(apps send the first words with it) is read then. One thing can be lost: an invitation from a homeserver that
takes over five seconds to let us in, if ingest is killed meanwhile; then it has to be repeated.
"""

READING: Final = """\
- **No end-to-end encryption.** The relay cannot read encrypted rooms. In one it says so and leaves; in a
  verifiers' room it says so once an hour and stays, for the alerts. Apps that encrypt only for people whose
  devices can read it begin a chat with this account without encryption, because it has no device; others
  have a switch.
- **Private means one person.** A room in which anybody else is or ever was is told so and left, and nothing
  more is taken from it. From a verifiers' room only replies to the desk are taken, never its other talk;
  from a room of `chat_rooms` also what begins with the account's name, mentions or answers it, or has the
  hashtag. A report there is answered nowhere.
  These sentences are in English, because Matrix does not say which language somebody reads.
- **Ids.** A room that is upgraded is a new room: put its new id where the old one stood.
- **Edits and deletions.** An edit is not taken: write it anew. Deleting a message does not take a report
  back. The homeserver keeps what the relay forgets: set `retention` in its configuration.
- **Words and places only.** Text, captions and shared locations count. Whoever sends a picture or a voice
  message without words is told that it cannot be read.
- **Who vouches for a member.** A homeserver vouches for its own accounts: whoever runs it can write in their
  name. Enrol members only from homeservers that you would trust with that, or close yours to others
  (`federation_domain_whitelist: []`); then no other server holds the rooms, either.
- **Copies.** Every message has an id of its own at the homeserver, so a second attempt is no second message.
  Synapse keeps the ids of application services in memory, for half an hour: what is being sent while it is
  killed can come twice, never three times.
- **Tested** with Synapse 1.163, never with another homeserver.
"""

SENDING_SET_UP: Final = """\
Take an account of the group's own, on any homeserver:

1. Make the account in an app, and a room that is **not encrypted**; let the account in.
2. Log the account in once for the relay, and keep the `access_token` of the answer where `token` says. The
   password goes into a file `login.json`, which is deleted at once:

   ```json
   {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": "alerts"},
    "password": "…", "initial_device_display_name": "alert relay"}
   ```

   ```sh
   curl -d @login.json https://matrix.example.org/_matrix/client/v3/login; rm login.json
   ```
3. Copy the room's id (in Element: room settings, Advanced) to `to`. Names such as `#room:example.org` do not
   do.
4. Test the channel. Never log this device out: then the token is no longer valid.
5. If verifiers answer in that room, whoever runs the hub names the room and the account in the settings of
   the [bridge](bridge-matrix.md).
"""

SENDING: Final = """\
- Urgent words are sent as messages, others as notices: for those no phone rings.
- Only plain text is sent, and nothing in it calls anybody: `@room` in a text is just a word.
- Into an encrypted room alerts are sent without encryption, and apps mark them so. Take another room.
- Whoever is let in later may read what was sent before, as the room's history settings say.
- Every message has an id of its own, which the homeserver remembers (Synapse for a day), so that a second
  attempt is no second message.
- Tested with Synapse 1.163, never with another homeserver.
"""
