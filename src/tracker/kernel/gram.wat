;; The inner loop of what a memory learns (memory.ts): the products of every two columns of a matrix, summed over its rows.
;; Assembled into gram-wasm.ts by `node scripts/build-kernel.mjs`; a test holds the two together.
(module
  (memory (export "memory") 4)

  ;; out[i][j] = sum over k of z[k][i] * z[k][j], for i < `columns` and j from 0 to i and on to the next multiple of 16. Rows of `z` and
  ;; `out` are `stride` bytes apart, a multiple of 64 of at least four times `columns`.
  (func (export "gram")
    (param $rows i32) (param $columns i32) (param $stride i32) (param $z i32) (param $out i32)
    (local $i i32) (local $j i32) (local $p i32) (local $end i32) (local $bytes i32)
    (local $a v128) (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)
    (local.set $end (i32.add (local.get $z) (i32.mul (local.get $rows) (local.get $stride))))
    (local.set $bytes (i32.shl (local.get $columns) (i32.const 2)))
    (loop $columnI
      (local.set $j (i32.const 0))
      (loop $columnJ
        (local.set $s0 (v128.const i32x4 0 0 0 0))
        (local.set $s1 (v128.const i32x4 0 0 0 0))
        (local.set $s2 (v128.const i32x4 0 0 0 0))
        (local.set $s3 (v128.const i32x4 0 0 0 0))
        (local.set $p (local.get $z))
        (loop $row
          (local.set $a (v128.load32_splat (i32.add (local.get $p) (local.get $i))))
          (local.set $s0 (f32x4.add (local.get $s0)
            (f32x4.mul (local.get $a) (v128.load (i32.add (local.get $p) (local.get $j))))))
          (local.set $s1 (f32x4.add (local.get $s1)
            (f32x4.mul (local.get $a) (v128.load offset=16 (i32.add (local.get $p) (local.get $j))))))
          (local.set $s2 (f32x4.add (local.get $s2)
            (f32x4.mul (local.get $a) (v128.load offset=32 (i32.add (local.get $p) (local.get $j))))))
          (local.set $s3 (f32x4.add (local.get $s3)
            (f32x4.mul (local.get $a) (v128.load offset=48 (i32.add (local.get $p) (local.get $j))))))
          (local.set $p (i32.add (local.get $p) (local.get $stride)))
          (br_if $row (i32.lt_u (local.get $p) (local.get $end))))
        (v128.store (i32.add (local.get $out) (local.get $j)) (local.get $s0))
        (v128.store offset=16 (i32.add (local.get $out) (local.get $j)) (local.get $s1))
        (v128.store offset=32 (i32.add (local.get $out) (local.get $j)) (local.get $s2))
        (v128.store offset=48 (i32.add (local.get $out) (local.get $j)) (local.get $s3))
        (local.set $j (i32.add (local.get $j) (i32.const 64)))
        (br_if $columnJ (i32.le_u (local.get $j) (local.get $i))))
      (local.set $out (i32.add (local.get $out) (local.get $stride)))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br_if $columnI (i32.lt_u (local.get $i) (local.get $bytes))))))
