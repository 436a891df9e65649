/**
 * Who acts. Every store and use case is handed an actor; nothing is done in the name of nobody.
 *
 * - `UserActor`: a person or script signed in for one agency.
 * - `OperatorActor`: the operator of the node; belongs to no agency and sees no agency's documents.
 * - `NodeActor`: the node itself, when it relays, receives or tidies up.
 */
export type Permission =
  | 'agency.read'
  | 'agency.import'
  | 'user.manage'
  | 'token.create'
  | 'document.read'
  | 'document.draft'
  | 'document.sign'
  | 'document.number'
  | 'document.issue'
  | 'document.dispatch'
  | 'document.accept'
  | 'document.refuse'
  | 'document.process'
  | 'delivery.read'
  | 'log.export'
  | 'peer.manage'

export type Role = 'clerk' | 'leader' | 'auditor' | 'administrator' | 'operator'

/** The idempotency key that a request came with; see `http/idempotency.ts`. */
export interface IdempotencyClaim {
  readonly key: string
  /** SHA-256 of method, path and body, hexadecimal: the same key with another request is refused. */
  readonly requestSha256: string
}

export interface UserActor {
  readonly kind: 'user'
  readonly userId: string
  readonly login: string
  readonly displayName: string
  readonly agencyId: string
  readonly roles: readonly Role[]
  /** Set when the request came with an API token: such a token makes no further tokens. */
  readonly byApiToken?: true
  readonly idempotency?: IdempotencyClaim
}

export interface OperatorActor {
  readonly kind: 'operator'
  /** The login of the operator's account, or `console` for a command run at the node's own machine. */
  readonly userId: string | null
  readonly login: string
  readonly byApiToken?: true
  readonly idempotency?: IdempotencyClaim
}

export interface NodeActor {
  readonly kind: 'node'
  readonly nodeId: string
}

export type Actor = UserActor | OperatorActor | NodeActor
