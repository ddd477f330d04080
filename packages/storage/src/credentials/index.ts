export { issueToken, type TokenRequest } from './issue-token.ts';
export {
  createTokenVerifier,
  InvalidTokenError,
  OPERATOR_SUBJECT,
  type TokenScope,
  type TokenVerifier,
  type VerifiedToken,
} from './verify-token.ts';
