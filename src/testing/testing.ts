/**
 * What process developers import in their tests.
 *
 * @module
 */
export { ProjectError, type ProjectErrorInfo } from '../project/errors.ts'
export { TestingError, type TestingErrorInfo } from './errors.ts'
export { createTestClock, type TestClock } from './test-clock.ts'
export { createTestNetwork } from './test-network.ts'
export type {
  ForkOptions,
  InboxMessage,
  SpawnOptions,
  TestEvaluation,
  TestMessage,
  TestMessageDraft,
  TestNetwork,
  TestNetworkOptions,
  TestProcess,
  TestResult,
  TestTags,
  TestWallet,
  UndeliverableMessage,
} from './types.ts'
