import type { Store } from '../../src/store/types.ts'

/** The store with some of its methods replaced. */
export function overrideStore(store: Store, methods: Partial<Store>): Store {
  return new Proxy(store, {
    get(_, name) {
      const method = methods[name as keyof Store] ?? store[name as keyof Store]
      return typeof method === 'function' ? method.bind(store) : method
    },
  })
}
