import type { BackendInfo } from '../../backend/select.js';
import type { Check } from '../check.js';
import type { Figures } from './session.js';

/** The document that `demo --json` writes. */
export interface Account {
  /** Whether all went as it should. */
  readonly ok: boolean;
  readonly version: string;
  readonly backend: BackendInfo;
  readonly acts: readonly Check[];
  readonly figures: Figures;
}
