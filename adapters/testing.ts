/** Suites for who writes a store, an adapter or an index of vectors: what each must pass, for any test runner. */
export { type Expectation, type Subject, storeConformance, type TestApi } from '../stores/conformance.ts'
export { type TestedIndex, vectorIndexConformance } from '../stores/index-conformance.ts'
export { type AdapterSubject, type AdapterTestApi, adapterConformance } from './conformance.ts'
