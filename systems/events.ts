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
  DiscordSaid,
  MemoryOrder,
  MemoryRecall,
  MemoryStored,
  MemoryUsed,
  NoteGone,
  NoteReady,
  NoteWritten,
  SentinelDone,
  SentinelFailed,
  SentinelProposed,
  SentinelUndone,
} from './events/mind.ts'
import { LlmChat, LlmEmbed } from './events/models.ts'

/** Every type of event and effect of the mind, in four pages. Payload schemas are checked once, at the edge. */

export * from './events/agents.ts'
export * from './events/files.ts'
export * from './events/mind.ts'
export * from './events/models.ts'

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
] as const

export const effects = [FsRead, FsWrite, LlmChat, LlmEmbed, MemoryRecall, ToolSafe, ToolOnce] as const
