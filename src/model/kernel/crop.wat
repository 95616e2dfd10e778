;; The inner loops of cropContext (crop.ts): bilinear sampling of an I420 picture, YCbCr to RGB, normalisation.
;; Assembled into crop-wasm.ts by `node scripts/build-kernel.mjs`; a test holds the two together.
(module
  (memory (export "memory") 64)

  ;; out[k] = a[k] + (b[k] - a[k]) * weight for `count` bytes of two rows, eight at a time (reads and writes up to
  ;; seven further).
  (func $blend (param $out i32) (param $a i32) (param $b i32) (param $weight f32) (param $count i32)
    (local $end i32) (local $w v128) (local $lower v128) (local $step v128)
    (local.set $w (f32x4.splat (local.get $weight)))
    (local.set $end (i32.add (local.get $a) (local.get $count)))
    (loop $more
      (local.set $lower (v128.load8x8_u (local.get $a)))
      (local.set $step (i16x8.sub (v128.load8x8_u (local.get $b)) (local.get $lower)))
      (v128.store (local.get $out)
        (f32x4.add
          (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $lower)))
          (f32x4.mul (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $step))) (local.get $w))))
      (v128.store offset=16 (local.get $out)
        (f32x4.add
          (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $lower)))
          (f32x4.mul (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $step))) (local.get $w))))
      (local.set $out (i32.add (local.get $out) (i32.const 32)))
      (local.set $a (i32.add (local.get $a) (i32.const 8)))
      (local.set $b (i32.add (local.get $b) (i32.const 8)))
      (br_if $more (i32.lt_u (local.get $a) (local.get $end)))))

  ;; Writes rows `from` (inclusive) to `to` of a crop of `size` columns, size >= 4.
  ;; `tables`: eight arrays of `size` 4-byte entries: across, the byte offset of a luma sample in its blended row and
  ;; the weight of the next one, the same for chroma; down, the byte offset of a luma row in its plane and the weight
  ;; of the next one, the same for chroma.
  ;; `rows`: room for the blended rows, `luma row` at 0, U at `uRow`, V at `vRow`.
  ;; `yNext`, `cNext`: bytes from a row to the next (0 where there is only one).
  (func (export "crop")
    (param $from i32) (param $to i32) (param $size i32) (param $tables i32)
    (param $yRow i32) (param $uRow i32) (param $vRow i32)
    (param $y i32) (param $u i32) (param $v i32) (param $yNext i32) (param $cNext i32)
    (param $yCount i32) (param $cCount i32)
    (param $luma f32) (param $redV f32) (param $greenU f32) (param $greenV f32) (param $blueU f32)
    (param $red0 f32) (param $green0 f32) (param $blue0 f32)
    (param $redGain f32) (param $redBias f32) (param $greenGain f32) (param $greenBias f32)
    (param $blueGain f32) (param $blueBias f32)
    (param $red i32) (param $green i32) (param $blue i32)
    (local $line i32) (local $j i32) (local $i i32) (local $last i32) (local $t i32) (local $at i32)
    (local $p i32) (local $o0 i32) (local $o1 i32) (local $o2 i32) (local $o3 i32)
    ;; The numbers above, four of each; V8 hoists nothing out of WebAssembly loops by itself.
    (local $lumaS v128) (local $redVS v128) (local $greenUS v128) (local $greenVS v128) (local $blueUS v128)
    (local $red0S v128) (local $green0S v128) (local $blue0S v128)
    (local $redGainS v128) (local $redBiasS v128) (local $greenGainS v128) (local $greenBiasS v128) (local $blueGainS v128) (local $blueBiasS v128)
    (local $zero v128) (local $top v128) (local $q v128) (local $r v128) (local $left v128)
    (local $w v128) (local $yy v128) (local $uu v128) (local $vv v128)
    (local.set $lumaS (f32x4.splat (local.get $luma)))
    (local.set $redVS (f32x4.splat (local.get $redV)))
    (local.set $greenUS (f32x4.splat (local.get $greenU)))
    (local.set $greenVS (f32x4.splat (local.get $greenV)))
    (local.set $blueUS (f32x4.splat (local.get $blueU)))
    (local.set $red0S (f32x4.splat (local.get $red0)))
    (local.set $green0S (f32x4.splat (local.get $green0)))
    (local.set $blue0S (f32x4.splat (local.get $blue0)))
    (local.set $redGainS (f32x4.splat (local.get $redGain)))
    (local.set $redBiasS (f32x4.splat (local.get $redBias)))
    (local.set $greenGainS (f32x4.splat (local.get $greenGain)))
    (local.set $greenBiasS (f32x4.splat (local.get $greenBias)))
    (local.set $blueGainS (f32x4.splat (local.get $blueGain)))
    (local.set $blueBiasS (f32x4.splat (local.get $blueBias)))
    (local.set $top (f32x4.splat (f32.const 255)))
    (local.set $line (i32.shl (local.get $size) (i32.const 2)))
    (local.set $last (i32.sub (local.get $line) (i32.const 16)))
    (local.set $j (local.get $from))
    (block $done
      (loop $rows
        (br_if $done (i32.ge_u (local.get $j) (local.get $to)))
        ;; Down tables of this row.
        (local.set $t (i32.add (i32.add (local.get $tables) (i32.shl (local.get $line) (i32.const 2)))
          (i32.shl (local.get $j) (i32.const 2))))
        (local.set $p (i32.add (local.get $y) (i32.load (local.get $t))))
        (local.set $t (i32.add (local.get $t) (local.get $line)))
        (call $blend (local.get $yRow) (local.get $p) (i32.add (local.get $p) (local.get $yNext))
          (f32.load (local.get $t)) (local.get $yCount))
        (local.set $t (i32.add (local.get $t) (local.get $line)))
        (local.set $o0 (i32.load (local.get $t)))
        (local.set $t (i32.add (local.get $t) (local.get $line)))
        (local.set $p (i32.add (local.get $u) (local.get $o0)))
        (call $blend (local.get $uRow) (local.get $p) (i32.add (local.get $p) (local.get $cNext))
          (f32.load (local.get $t)) (local.get $cCount))
        (local.set $p (i32.add (local.get $v) (local.get $o0)))
        (call $blend (local.get $vRow) (local.get $p) (i32.add (local.get $p) (local.get $cNext))
          (f32.load (local.get $t)) (local.get $cCount))
        (local.set $at (i32.mul (local.get $j) (local.get $line)))
        (local.set $i (i32.const 0))
        (loop $columns
          (local.set $t (i32.add (local.get $tables) (local.get $i)))
          (local.set $o0 (i32.load (local.get $t)))
          (local.set $o1 (i32.load offset=4 (local.get $t)))
          (local.set $o2 (i32.load offset=8 (local.get $t)))
          (local.set $o3 (i32.load offset=12 (local.get $t)))
          (local.set $t (i32.add (local.get $t) (local.get $line)))
          (local.set $w (v128.load (local.get $t)))
          ;; Each sample and its right neighbour, four times; `left` and what is beside it, mixed by weight.
          (local.set $q
            (v128.load64_lane 1 (i32.add (local.get $yRow) (local.get $o1))
              (v128.load64_zero (i32.add (local.get $yRow) (local.get $o0)))))
          (local.set $r
            (v128.load64_lane 1 (i32.add (local.get $yRow) (local.get $o3))
              (v128.load64_zero (i32.add (local.get $yRow) (local.get $o2)))))
          (local.set $left (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 (local.get $q) (local.get $r)))
          (local.set $yy
            (f32x4.add (local.get $left)
              (f32x4.mul (local.get $w)
                (f32x4.sub
                  (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31 (local.get $q) (local.get $r))
                  (local.get $left)))))
          (local.set $yy (f32x4.mul (local.get $yy) (local.get $lumaS)))
          (local.set $t (i32.add (local.get $t) (local.get $line)))
          (local.set $o0 (i32.load (local.get $t)))
          (local.set $o1 (i32.load offset=4 (local.get $t)))
          (local.set $o2 (i32.load offset=8 (local.get $t)))
          (local.set $o3 (i32.load offset=12 (local.get $t)))
          (local.set $w (v128.load (i32.add (local.get $t) (local.get $line))))
          (local.set $q
            (v128.load64_lane 1 (i32.add (local.get $uRow) (local.get $o1))
              (v128.load64_zero (i32.add (local.get $uRow) (local.get $o0)))))
          (local.set $r
            (v128.load64_lane 1 (i32.add (local.get $uRow) (local.get $o3))
              (v128.load64_zero (i32.add (local.get $uRow) (local.get $o2)))))
          (local.set $left (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 (local.get $q) (local.get $r)))
          (local.set $uu
            (f32x4.add (local.get $left)
              (f32x4.mul (local.get $w)
                (f32x4.sub
                  (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31 (local.get $q) (local.get $r))
                  (local.get $left)))))
          (local.set $q
            (v128.load64_lane 1 (i32.add (local.get $vRow) (local.get $o1))
              (v128.load64_zero (i32.add (local.get $vRow) (local.get $o0)))))
          (local.set $r
            (v128.load64_lane 1 (i32.add (local.get $vRow) (local.get $o3))
              (v128.load64_zero (i32.add (local.get $vRow) (local.get $o2)))))
          (local.set $left (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 (local.get $q) (local.get $r)))
          (local.set $vv
            (f32x4.add (local.get $left)
              (f32x4.mul (local.get $w)
                (f32x4.sub
                  (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31 (local.get $q) (local.get $r))
                  (local.get $left)))))
          (local.set $p (i32.add (local.get $at) (local.get $i)))
          (v128.store (i32.add (local.get $red) (local.get $p))
            (f32x4.add
              (f32x4.mul
                (f32x4.pmax
                  (f32x4.pmin
                    (f32x4.add (f32x4.add (local.get $yy) (local.get $red0S))
                      (f32x4.mul (local.get $vv) (local.get $redVS)))
                    (local.get $top))
                  (local.get $zero))
                (local.get $redGainS))
              (local.get $redBiasS)))
          (v128.store (i32.add (local.get $green) (local.get $p))
            (f32x4.add
              (f32x4.mul
                (f32x4.pmax
                  (f32x4.pmin
                    (f32x4.sub
                      (f32x4.sub (f32x4.add (local.get $yy) (local.get $green0S))
                        (f32x4.mul (local.get $uu) (local.get $greenUS)))
                      (f32x4.mul (local.get $vv) (local.get $greenVS)))
                    (local.get $top))
                  (local.get $zero))
                (local.get $greenGainS))
              (local.get $greenBiasS)))
          (v128.store (i32.add (local.get $blue) (local.get $p))
            (f32x4.add
              (f32x4.mul
                (f32x4.pmax
                  (f32x4.pmin
                    (f32x4.add (f32x4.add (local.get $yy) (local.get $blue0S))
                      (f32x4.mul (local.get $uu) (local.get $blueUS)))
                    (local.get $top))
                  (local.get $zero))
                (local.get $blueGainS))
              (local.get $blueBiasS)))
          ;; The last four columns are done twice where the size is no multiple of four.
          (if (i32.lt_u (local.get $i) (local.get $last))
            (then
              (local.set $i (i32.add (local.get $i) (i32.const 16)))
              (if (i32.gt_u (local.get $i) (local.get $last)) (then (local.set $i (local.get $last))))
              (br $columns))))
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br $rows)))))
