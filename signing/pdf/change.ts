/** What a later revision did to a signed document, in the words of the report. */

/** Changes that this verifier knows to be harmless, and everything else. */
export type RevisionChange =
  | { readonly kind: 'fill'; readonly field: string; readonly value: string }
  | {
      readonly kind: 'signature'
      readonly field: string
      /** The field itself is new as well. */
      readonly created: boolean
      /** It has a place on the page. */
      readonly visible: boolean
    }
  | { readonly kind: 'timestamp'; readonly field: string }
  | { readonly kind: 'security-store' }
  | { readonly kind: 'forbidden'; readonly code: ForbiddenChange; readonly message: string }

/** Codes of `changes` in a report; the list is closed. */
export type ForbiddenChange =
  /** The revision, or data after the last one, cannot be read. */
  | 'REVISION_UNREADABLE'
  /** The update has a cross-reference table and a stream beside it, which only some readers follow. */
  | 'HYBRID_UPDATE'
  /** Bytes that belong to no object of the revision. */
  | 'BYTES_OUTSIDE_OBJECTS'
  /** The cross-reference section points an object number to bytes of an earlier revision. */
  | 'XREF_REDIRECTED'
  /** The trailer names another catalog. */
  | 'ROOT_CHANGED'
  | 'OBJECT_REMOVED'
  /** An object number that signed objects referred to in vain is defined now. */
  | 'DANGLING_REFERENCE_DEFINED'
  | 'CATALOG_CHANGED'
  | 'PAGE_CHANGED'
  | 'FORM_CHANGED'
  | 'FIELD_CHANGED'
  | 'FIELD_ADDED'
  /** A signature was removed, replaced or altered. */
  | 'SIGNATURE_CHANGED'
  | 'SECURITY_STORE_CHANGED'
  | 'INFO_CHANGED'
  /** Any other object that existed. */
  | 'OBJECT_CHANGED'

export function forbidden(code: ForbiddenChange, message: string): RevisionChange {
  return { kind: 'forbidden', code, message }
}
