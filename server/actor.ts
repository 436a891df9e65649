/**
 * Who acts. Every store and use case is handed an actor; nothing is done in the name of nobody.
 *
 * - `UserActor`: a person or script signed in for one agency.
 * - `OperatorActor`: the operator of the node; belongs to no agency and sees no agency's documents.
 * - `NodeActor`: the node itself, when it relays, receives or tidies up.
 */
export const permissions = [
  'agency.read',
  'agency.import',
  'agency.reorganise',
  'agency.settings',
  'calendar.manage',
  'user.manage',
  'member.read',
  'right.confirm',
  'token.create',
  'document.read',
  'document.read-all',
  'document.permit',
  'document.draft',
  'document.check-content',
  'document.check-form',
  'document.sign',
  'document.number',
  'document.issue',
  'document.dispatch',
  'document.copy',
  'document.accept',
  'document.refuse',
  'document.assign',
  'document.process',
  'dossier.keep',
  'register.read',
  'register.read-all',
  'register.manage',
  'statistics.read',
  'delivery.read',
  'log.export',
  'peer.manage',
] as const
export type Permission = (typeof permissions)[number]

/** What one may be in an agency. */
export const agencyRoles = ['clerk', 'signer', 'leader', 'specialist', 'auditor', 'administrator'] as const
export type AgencyRole = (typeof agencyRoles)[number]

/** `operator` is of the node and of no agency. */
export const roles = [...agencyRoles, 'operator'] as const
export type Role = (typeof roles)[number]

/** The idempotency key that a request came with; see `http/idempotency.ts`. */
export interface IdempotencyClaim {
  readonly key: string
  /** SHA-256 of method, path and body, hexadecimal: the same key with another request is refused. */
  readonly requestSha256: string
}

/** An account that was given its password must choose its own; one that must have a second factor must enrol it. */
export type Restriction = 'change-password' | 'enrol-second-factor'

export interface UserActor {
  readonly kind: 'user'
  readonly userId: string
  readonly login: string
  readonly displayName: string
  readonly agencyId: string
  readonly roles: readonly Role[]
  /** Set when the request came with an API token: such a token makes no further tokens. */
  readonly byApiToken?: true
  /** The session or API token that the request came with. */
  readonly tokenId?: string
  /** What the API token is confined to; left out, whatever the roles permit. See `actorMay`. */
  readonly scopes?: readonly Permission[]
  /** What the person must do before anything else. */
  readonly restriction?: Restriction
  readonly idempotency?: IdempotencyClaim
}

export interface OperatorActor {
  readonly kind: 'operator'
  /** The login of the operator's account, or `console` for a command run at the node's own machine. */
  readonly userId: string | null
  readonly login: string
  readonly byApiToken?: true
  readonly tokenId?: string
  readonly scopes?: readonly Permission[]
  readonly restriction?: Restriction
  readonly idempotency?: IdempotencyClaim
}

export interface NodeActor {
  readonly kind: 'node'
  readonly nodeId: string
}

export type Actor = UserActor | OperatorActor | NodeActor
