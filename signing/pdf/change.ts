/** What a later revision did to a signed document, in the words of the report. */

/** One change, as a fact; whether a signature permits it is told by `judgeChanges`. */
export type RevisionChange =
  | {
      readonly kind: 'fill'
      readonly field: string
      readonly value: string
      /** Whether the new appearance could be read and shows the value; one that shows another value is forbidden. */
      readonly shown: boolean
    }
  | {
      readonly kind: 'signature'
      readonly field: string
      /** The field itself is new as well. */
      readonly created: boolean
      /** It has a place on the page. */
      readonly visible: boolean
      /** The signature covers the revision that brought it. */
      readonly sealed: boolean
      /** Nothing else of the field changed than what signing in it takes, and its box is a small part of its page. */
      readonly plain: boolean
    }
  /** An empty signature field. */
  | {
      readonly kind: 'signature-field'
      readonly field: string
      readonly visible: boolean
      /** It has an appearance though nobody has signed in it. */
      readonly drawn: boolean
    }
  | { readonly kind: 'timestamp'; readonly field: string }
  | { readonly kind: 'security-store' }
  | {
      readonly kind: 'annotation'
      readonly action: 'added' | 'changed' | 'removed'
      readonly subtype: string
      /** It can draw over what stands on the page. */
      readonly draws: boolean
    }
  /** The same document written in another way; no change to whoever reads it. */
  | { readonly kind: 'rewritten'; readonly message: string }
  /** An object without structure, such as a text, that nothing leads to; it shows nothing and serves nothing. */
  | { readonly kind: 'left-over'; readonly message: string }
  /** What no signature speaks of and no page shows. */
  | { readonly kind: 'harmless'; readonly code: HarmlessChange; readonly message: string }
  | { readonly kind: 'forbidden'; readonly code: ForbiddenChange; readonly message: string }

/**
 * Codes of permitted changes in a report; the list is closed. A report whose `changesAfter` is `permitted` has these
 * only.
 */
export type PermittedChange =
  | 'FIELD_FILLED'
  /** The appearance of a filled field could not be read, so that nobody has compared it with the value. */
  | 'FIELD_APPEARANCE_UNVERIFIED'
  | 'SIGNATURE_ADDED'
  | 'SIGNATURE_FIELD_ADDED'
  | 'TIMESTAMP_ADDED'
  | 'SECURITY_STORE_ADDED'
  | 'ANNOTATION_CHANGED'
  | HarmlessChange

export type HarmlessChange =
  /** A field became read-only. */
  | 'FIELD_PROTECTED'
  /** Entries of the document information (14.3.3). */
  | 'INFORMATION_UPDATED'
  /** The XMP metadata of the document (14.3.2). */
  | 'METADATA_UPDATED'
  /** Entries of the catalog or of a page that alter nothing that is shown. */
  | 'CATALOG_UPDATED'
  | 'PAGE_UPDATED'
  /** Fonts or defaults that fields may draw with, beside those that were there. */
  | 'FORM_DEFAULTS_ADDED'
  /** Fields are to be drawn by the viewer. */
  | 'FORM_REDRAWN'
  /** An object that nothing leads to. */
  | 'OBJECT_UNUSED'

/** Codes of changes that no signature permits; the list is closed. */
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
  /** XMP metadata that is none. */
  | 'METADATA_CHANGED'
  /** The page tree, a page's contents, resources or boxes, or its annotations. */
  | 'PAGE_CHANGED'
  | 'FORM_CHANGED'
  | 'FIELD_CHANGED'
  | 'FIELD_ADDED'
  /** The appearance of a filled field shows something else than its value. */
  | 'FIELD_APPEARANCE_MISMATCH'
  /** A signature was removed, replaced or altered. */
  | 'SIGNATURE_CHANGED'
  /** Something was laid over an earlier signature. */
  | 'SIGNATURE_COVERED'
  | 'SECURITY_STORE_CHANGED'
  | 'INFO_CHANGED'
  /** Any other object that existed. */
  | 'OBJECT_CHANGED'

/** Codes of changes that one signature forbids and another one may permit; the list is closed. */
export type LockedChange =
  | 'NO_CHANGES_PERMITTED'
  | 'FIELD_LOCKED'
  | 'VISIBLE_SIGNATURE_FIELD_ADDED'
  | 'ANNOTATION_NOT_PERMITTED'

/** Every code that `changes` of a report may have. */
export type ChangeCode = PermittedChange | ForbiddenChange | LockedChange

export function forbidden(code: ForbiddenChange, message: string): RevisionChange {
  return { kind: 'forbidden', code, message }
}

export function harmless(code: HarmlessChange, message: string): RevisionChange {
  return { kind: 'harmless', code, message }
}
