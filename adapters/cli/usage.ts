/** What `promethean --help` prints. */
export const usage = `promethean: an agent runtime that keeps notes to their contract, remembers them, and can replay all it did

  promethean run [DIR] [--write] [--once]     watch a folder of notes; without --write only show what would change
  promethean chat [SESSION]                   talk with an agent; a pipe is answered line by line
  promethean sessions                         every session: its state, queue, budget, and what it waits for
  promethean approve [HASH] [--deny]          the tool calls that wait for your yes, or the answer to one
  promethean cancel SESSION                   end the turn under way and drop what waits
  promethean outbox                           what is on its way out, and calls of which nobody knows whether they happened
  promethean status [DIR]                     what the daemon, or its record at rest, says
  promethean ask QUESTION                     an answer in quotes, with its sources and how they were found
  promethean recall QUERY [-k N] [--explain]  the memories that answer best, with their scores
  promethean ingest FILE.jsonl... | -         take in events, one JSON object a line
  promethean memory show|forget|pin|unpin ID  one memory; export [--out FILE] writes all of them as events
  promethean explain ID                       where a memory comes from and what it hangs together with
  promethean explain turn ID                  what was put before the model, what was left out, and why
  promethean explain route FILE.json|-        which sessions an event would reach, and why the others not
  promethean audit [DIR]                      duplicates, loops, orphans, stale memories, secrets
  promethean eval DIR...                      measure recall on corpora with questions
  promethean olympia list|run SUITE           tasks against models: frontmatter, tools, or a file of your own
  promethean top [--once]                     the running daemon at a glance: systems, sessions, sources, jobs
  promethean repl                             a JavaScript prompt on the world, read-only; help() lists what there is
  promethean mcp [--client NAME]              the memory for an MCP client, on standard input and output
  promethean backup TO                        a checked copy of the record in a new folder, while the daemon runs or not
  promethean archive DIR                      move the journal into a compressed file with its checksum; replay begins now
  promethean restore FROM DIR                 make a data directory of a backup
  promethean doctor [DIR] [--repair]          check the record and its surroundings
  promethean doctor llm                       ask the configured endpoint what it can do
  promethean doctor discord                   check token, intents, and what the bot may do in each channel
  promethean discord status                   the connection, the channels, and what waits to be sent
  promethean discord backfill CHANNEL         fetch messages from a channel's history (--since, --limit)
  promethean discord resolve POST again|drop  your word on a message of which nobody knows whether it was sent
  promethean janitor [report]                 the last report of what programs said, or a fresh one
  promethean janitor rules                    rules that it proposes; allow N, refuse N, end N decide on one
  promethean compact [status]                 summaries of old memories that nobody uses; plans, show N, run, halt
  promethean compact undo N                   take a summary back: its memories are served again, byte for byte
  promethean compact purge AGE                remove the texts behind older summaries for good, and the past they are in
  promethean opencode [status]                the folders whose sessions are heard; permissions lists what it asks
  promethean opencode allow|always|reject ID  your word on what opencode asks to be allowed
  promethean repair list                      commands that must succeed, and how they stand
  promethean repair run NAME                  run one; while it fails, ask opencode to repair what it checks
  promethean replay [DIR] [--verify]          run the journal again and compare every tick
  promethean replay [DIR] --at TICK           the world as it was then; with --recall, --find or --repl to ask it
  promethean fork [DIR] --at TICK --with FILE  run what was recorded on under another policy, and tell what differs
  promethean bisect [DIR] --check SCRIPT      the first tick at which a condition holds, by replay
  promethean sentinel list [DIR]              every note and its verdict
  promethean sentinel undo PATH [DIR]         take back the last write to a note, byte for byte
  promethean sentinel retry PATH [DIR]        look at a note again
  promethean config check|print|schema        the configuration in force, or what is wrong with it

  --notes DIR     the notes folder (default: notes in promethean.yaml, else ./docs/notes)
  --data DIR      where the record rests (default: .promethean in the notes folder; without one, here)
  --config FILE   configuration (default: ./promethean.yaml where there is one)
  --write         let sentinels write; else they only show the difference
  --once          work until nothing is open, then exit
  --strict        with --once: exit 65 when a note failed; warnings about the config become errors
  --port N        the inspector's port on loopback (0: any free one; default 4242)
  --inspector-write  with run: the inspector may pause the world, step it and change its pace
  --until TICK    with replay and fork: stop there
  --at TICK       with replay and fork: the world as it was after that tick
  --recall QUERY, --find ID, --repl           with replay --at: recall, show a memory, or a prompt, as of then
  --with FILE     with fork: a config of which only what it names is changed: agents, model, contract, write, ...
  --live          with fork: ask the model what the recording has no answer to; else that fails with FORK_REFUSED
  --check SCRIPT  with bisect: a module whose default export says of a world whether the condition holds
  --every N       with bisect: look at every Nth tick; else what holds once is taken to hold from then on
  --sample        where there is no ./docs/notes, repair a scratch copy of the sample notes
  -k N            with recall and ask: most hits (default 10)
  --explain       with recall: what each score was computed from
  --queries FILE  with recall: many queries, one {"query": "..."} a line; the answers as lines of JSON
  --kind, --tag   with recall and ask: only memories of a kind (chat, note, ...), with a tag; may be repeated
  --channel, --thread, --author TEXT          only what was said there, or by them
  --from, --to TIME                           only what happened since, and before: 2026-01-31, or milliseconds; with bisect: ticks
  --circuit NAME  with recall and ask: a lens that weighs kinds of keys
  --since TIME    with discord backfill: from then on: 2026-01-31, milliseconds, or ago: 12h, 7d
  --limit N       with discord backfill: most messages (default 1000)
  --compact       with eval: what is lost when all but the fifth most used memories are compacted
  --deny          with approve: no instead of yes
  --client NAME   with mcp: whose scope the config gives it (default: the config's default)
  --out FILE      with memory export: where to write (default: standard output); with fork: a new folder for its record
  --model NAME    with olympia: another model of the configured endpoint; may be repeated
  --runs N        with olympia: of each task (default 3); --parallel N: at once (default 4)
  --fail-under N  with olympia: exit 1 when a model's pass rate is below, like 0.8
  --json          lines for machines on standard output
  --version, --help

A SESSION is agent/name, or the name of one of the first agent's; without one it is the first of all.
An ID is the number of a memory, the path of a note, or an event's own id (id:12 where that is a number too).
Exit codes: 0 done, 1 failed, 64 usage, 65 bad data, 69 unavailable, 74 I/O, 75 locked, 77 permission, 78 config.`
