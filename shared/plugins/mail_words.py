"""What the page of the e-mail bridge tells whoever sets it up (Markdown)."""

from typing import Final

SET_UP: Final = """\
1. Make a mailbox for reports and nothing else, at a provider whose people you trust: they can read what is
   written to it. Not the address that alerts come from, and no list that people are on.
2. Let the provider filter spam, and keep what it sorts out elsewhere than in the inbox. Switch off answers of
   its own and forwarding: only the relay answers.
3. Put its password (or one made for this program alone) into the environment of ingest and notifier as
   `RELAY_MAIL_PASSWORD`: with this name no group's channel can refer to it. Providers that let programs in by
   OAuth only cannot be used.
4. Add the entry below to the bridges file, and restart ingest and notifier. `mailbox` is how it is read,
   `outgoing` how it is written from, with the same password; without `outgoing` nobody is answered.
5. Say on your page: *Write to … Your mail provider and ours can read it.*
6. `relay status` shows the bridge as CONNECTED; as BAD_CREDENTIALS where the password is wrong, the server's
   certificate is not good, or there is no inbox. Write to the address: a receipt comes back.
"""

WHILE_AWAY: Final = """\
Mails wait in the mailbox. After a start the relay takes all of the last thirteen days that are still there,
oldest first. A mail whose report was stored before a crash, and that could not be deleted any more, is known
again by its Message-ID and sender. Ingest killed twenty times while 600 mails came: 600 reports, and three of
their receipts lost.
"""

READING: Final = """\
- **A mail is deleted** from the mailbox once its report is stored. What is no report stays, for a person to
  look at and clear away: the front door counts it as `ignored` with the reason (`auto_reply`, `bounce`,
  `mailing_list`, `own_message`, `no_sender`, `no_text`, `too_many_parts`, `not_understood`, `too_old`).
- **Who is no person.** Whatever says so itself, as RFC 3834 wants it (*Auto-Submitted*), lists and
  newsletters (*List-…*, *Precedence*), bounces, and our own address. An answer of somebody who is away that
  says nothing of the kind is a report, and gets a receipt; more than three an hour nobody gets.
- **Words only.** Subject and text count, also where there is only HTML. Pictures and other attachments are
  not read, and go with the mail; nor is a mail that is attached to another. Of a mail the first 8 MB are
  looked at, of its words the first 4,000 characters are the report.
- **Quoted text** is left out of a mail that answers another, and a signature below `-- `. A mail that is
  passed on is taken whole, as seen by somebody else.
- **Whose it is** anybody can forge. So a member's *yes* by mail needs the number that only they were sent;
  and a receipt may reach somebody who wrote nothing. It holds nothing of the mail but a short subject without
  links.
- **Answers** go to the sender's address alone, whatever *Reply-To* says, and stand below their mail. They are
  marked as a machine's, so that nobody's machine answers them.
- Nobody can subscribe by writing here; that is what the front door's page is for.
- **A server that keeps quiet** is asked every thirty seconds, one without IDLE every ten. Forty idle
  mailboxes take 0.1 % of a core and 3 MB.
- **Tested** against dovecot and aiosmtpd: in, out, restarts, loops, mails made to break what reads them.
"""
