export { issueToken, type TokenRequest } from './issue-token.ts';
export { OPERATOR_SUBJECT, type TokenScope } from './token-scope.ts';
export { createTokenVerifier, InvalidTokenError, type TokenVerifier, type VerifiedToken } from './verify-token.ts';
