---@meta

---Small functions over arrays and tables. Also `require(".utils")`.
---
---Those with several arguments may be given them one after another: `Utils.map(double)(list)` is
---`Utils.map(double, list)`. They raise an error for what is no array.
---@class Utils
---@field _version string Version of this interface.
Utils = {}

---Joins two arrays into a new one.
---@overload fun(first: any[]): fun(second: any[]): any[]
---@generic T
---@param first T[]
---@param second T[]
---@return T[]
function Utils.concat(first, second) end

---Folds an array into one value, from the first element on.
---
---```lua
---local sum = Utils.reduce(function(total, value) return total + value end, 0, { 1, 2, 3 })
---```
---@overload fun(fn: fun(result: any, value: any, index: integer): any): function
---@overload fun(fn: (fun(result: any, value: any, index: integer): any), initial: any): fun(list: any[]): any
---@generic T, R
---@param fn fun(result: R, value: T, index: integer): R Gives the next result.
---@param initial R First result. If it is nil, the first element is.
---@param list T[]
---@return R
function Utils.reduce(fn, initial, list) end

---Makes an array of what a function gives for each element.
---@overload fun(fn: fun(value: any, index: integer): any): fun(list: any[]): any[]
---@generic T, R
---@param fn fun(value: T, index: integer): R
---@param list T[]
---@return R[]
function Utils.map(fn, list) end

---Makes an array of the elements that a function says true for.
---@overload fun(fn: fun(value: any): any): fun(list: any[]): any[]
---@generic T
---@param fn fun(value: T): any
---@param list T[]
---@return T[]
function Utils.filter(fn, list) end

---Finds a value that a function says true for, in any table; in an array the first.
---@overload fun(fn: fun(value: any): any): fun(list: table): any
---@generic T
---@param fn fun(value: T): any
---@param list table<any, T>
---@return T? value Nil if there is none.
function Utils.find(fn, list) end

---Says whether a field has a value.
---@overload fun(name: string): function
---@overload fun(name: string, value: string): fun(object: table): boolean
---@param name string Name of the field.
---@param value string
---@param object table
---@return boolean
function Utils.propEq(name, value, object) end

---Reads a field.
---@overload fun(name: string): fun(object: table): any
---@param name string Name of the field.
---@param object table
---@return any
function Utils.prop(name, object) end

---Says whether an array has a value.
---@overload fun(value: any): fun(list: any[]): boolean
---@param value any
---@param list any[]
---@return boolean
function Utils.includes(value, list) end

---Makes a new array with the elements in the opposite order.
---@generic T
---@param list T[]
---@return T[]
function Utils.reverse(list) end

---Makes one function of several: the last is called first, and each gets what the one behind it gave.
---
---```lua
---local sumOfSquares = Utils.compose(Utils.reduce(add, 0), Utils.map(square))
---```
---@param ... fun(value: any): any At least two functions, or one now and the others later.
---@return fun(value: any): any
function Utils.compose(...) end

---Gives all keys of a table, in no order.
---@generic K
---@param object table<K, any>
---@return K[]
function Utils.keys(object) end

---Gives all values of a table, in no order.
---@generic V
---@param object table<any, V>
---@return V[]
function Utils.values(object) end

---Makes a function that takes its arguments over any number of calls.
---@param fn function
---@param arity? integer How many arguments it waits for; as many as it declares if left out.
---@return function
function Utils.curry(fn, arity) end

---Spells a name as the names of received tags are spelled: `x_reference` becomes `X-Reference`, `userId` becomes
---`Userid`.
---@generic T
---@param name T What is no string stays as it is.
---@return T
function Utils.normalize(name) end

---Makes the first letter a capital, and the others small.
---@param text string
---@return string
function Utils.capitalize(text) end

---Says whether a message matches a pattern of a handler.
---@param message ao.Message
---@param spec ao.Pattern
---@return boolean|number|string verdict What a function pattern gives; otherwise true or false.
function Utils.matchesSpec(message, spec) end

---Says whether a value matches one entry of a table pattern.
---@param pattern ao.ValuePattern
---@param value any
---@param message ao.Message What a function pattern gets as its second argument.
---@return boolean
function Utils.matchesPattern(pattern, value, message) end

return Utils
