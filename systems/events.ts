import {
  ApprovalAsked,
  ApprovalGiven,
  BudgetExhausted,
  SessionCancel,
  SessionOpened,
  SessionRefused,
  SessionSaid,
  SessionSubscription,
  ToolOnce,
  ToolSafe,
  TurnAsked,
  TurnCalled,
  TurnEnded,
  TurnReturned,
  TurnStarted,
  TurnWaiting,
} from './events/agents.ts'
import { compactEvents } from './events/compact.ts'
import {
  DiscordChannelSeen,
  DiscordDeleted,
  DiscordEdited,
  DiscordFind,
  DiscordGateway,
  DiscordReaction,
  DiscordResolve,
  DiscordSaid,
  DiscordSay,
  DiscordSend,
  DiscordUnsure,
  JanitorAsked,
  JanitorReport,
  JanitorRule,
  MemoryFamily,
} from './events/discord.ts'
import {
  FsFileChanged,
  FsFileCreated,
  FsFileDeleted,
  FsFileSkipped,
  FsRead,
  FsScanned,
  FsWrite,
} from './events/files.ts'
import {
  AdminCommand,
  ChatSaid,
  ConfigSet,
  DaimoiSent,
  DaimoiWalked,
  MemoryOrder,
  MemoryRecall,
  MemoryStored,
  MemoryUsed,
  NoteGone,
  NoteReady,
  NoteWritten,
  OlympiaSample,
  SentinelDone,
  SentinelFailed,
  SentinelProposed,
  SentinelUndone,
} from './events/mind.ts'
import { LlmChat, LlmEmbed } from './events/models.ts'
import { opencodeEvents } from './events/opencode.ts'
import { opencodeEffects } from './events/opencode-run.ts'
import { repairEffects, repairEvents } from './events/repair.ts'

/** Every type of event and effect of the mind, in nine pages. Payload schemas are checked once, at the edge. */

export * from './events/agents.ts'
export * from './events/compact.ts'
export * from './events/discord.ts'
export * from './events/files.ts'
export * from './events/mind.ts'
export * from './events/models.ts'
export * from './events/opencode.ts'
export * from './events/opencode-run.ts'
export * from './events/repair.ts'

export const events = [
  FsScanned,
  FsFileCreated,
  FsFileChanged,
  FsFileDeleted,
  FsFileSkipped,
  ConfigSet,
  AdminCommand,
  NoteWritten,
  ChatSaid,
  DiscordSaid,
  SentinelDone,
  SentinelFailed,
  SentinelProposed,
  SentinelUndone,
  NoteReady,
  NoteGone,
  MemoryOrder,
  MemoryUsed,
  MemoryStored,
  DaimoiSent,
  DaimoiWalked,
  SessionOpened,
  SessionRefused,
  SessionSubscription,
  SessionCancel,
  TurnStarted,
  TurnAsked,
  TurnCalled,
  TurnReturned,
  TurnWaiting,
  SessionSaid,
  TurnEnded,
  BudgetExhausted,
  ApprovalAsked,
  ApprovalGiven,
  DiscordEdited,
  DiscordDeleted,
  DiscordReaction,
  DiscordChannelSeen,
  DiscordGateway,
  DiscordUnsure,
  DiscordResolve,
  DiscordSay,
  MemoryFamily,
  JanitorReport,
  JanitorRule,
  JanitorAsked,
  OlympiaSample,
  ...opencodeEvents,
  ...repairEvents,
  ...compactEvents,
] as const

export const effects = [
  FsRead,
  FsWrite,
  LlmChat,
  LlmEmbed,
  MemoryRecall,
  ToolSafe,
  ToolOnce,
  DiscordSend,
  DiscordFind,
  ...opencodeEffects,
  ...repairEffects,
] as const
