"""What the page of the Mastodon bridge tells whoever sets it up (Markdown)."""

from typing import Final

SET_UP: Final = """\
1. Make an account for reports, on a server whose people you trust: they can read what is written to it. Not
   the account that posts alerts: what answers an alert would be a report.
2. Say in its profile: *Write to us in a private mention. Whoever runs your server or ours can read it; what
   you post in public everybody can.* Mark the account as a bot, and keep it out of search engines.
3. In its notification settings accept everybody, new accounts and private mentions above all: by default
   Mastodon filters those. (The relay asks for filtered mentions as well; servers before 4.3 have no such
   filter.)
4. Settings, *Development*, *New application*: tick `read:accounts`, `read:notifications`, `read:statuses`
   and `write:statuses`, nothing else. Put the access token into the environment of ingest and notifier as
   `RELAY_MASTODON_TOKEN`: with this name no group's channel can refer to it.
5. Add the entry below to the bridges file, and restart ingest and notifier. `relay status` shows the bridge
   as CONNECTED; as BAD_CREDENTIALS where the token is wrong or lacks one of the four rights.
6. Mention the account in a private post from any server: a receipt comes back.
"""

WHILE_AWAY: Final = """\
Posts wait at the account's server. After a start the relay asks for all mentions of the last thirteen days,
newest first, at most 20,000, and for as many posts of each hashtag; what it knows already is no second
report. What another server has not passed on to the account's, nobody here can know of; a public post that is
passed on more than an hour late is found by its hashtag at the next start only.
"""

READING: Final = """\
- **Who can read it** depends on each post, so the receipt says it of that very post: everybody, the
  writer's followers, or whoever runs the two servers. It goes to the writer alone. What is public stays
  public: the relay takes nothing back for anybody.
- **Hashtags** find public posts that the account's server knows of, which are not all: a small server knows
  few. Who only used the hashtag is neither thanked nor asked. Leave `hashtags` out unless people know the
  tag: anybody may use it, for anything.
- **Edits and deletions.** What was read first counts; an edit is not taken, and deleting a post takes no
  report back. Boosts are copies and are passed by, and so are posts of accounts that are marked as bots.
- **Words only.** A content warning and the text count; pictures, their descriptions and polls do not.
- **Every ten seconds** the server is asked, for mentions and for each hashtag: of the 300 calls in five
  minutes that Mastodon allows, 30 for each. Where it says when it takes more, that is waited for
  (RATE_LIMITED).
- **Who vouches for a member.** A server vouches for its own accounts, and whoever runs it can write in
  their name. Enrol members only from servers that you would trust with that. A desk word in a public post
  shows its code to everybody: members write in private mentions.
- **Copies.** The server knows an answer again by its key for an hour, so a second attempt is no second
  post.
- **Tested** against a stand-in that keeps the API: pages, 429 with X-RateLimit-Reset, breaks and restarts.
  Never run against Mastodon.
"""
