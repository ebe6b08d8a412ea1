;; A call that does nothing.
(module
    (import "env" "memory" (memory 2 16))
    (func (export "deploy"))
    (func (export "call")))
