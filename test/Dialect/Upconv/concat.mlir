// RUN: upconv-opt %s -pass-pipeline='builtin.module(upconv-kernels,upconv-schedules{target=x86-64})' 2>/dev/null | FileCheck %s

// A skip connection: both halves are written where the concat wants them, the
// margin that its reader wants is the concat's, and one slot holds all. (The
// weaker target's convolutions read a margin; those of x86-64-v4 want none.)
// CHECK-LABEL: func.func @skip
// CHECK-NOT: upconv.copy
// CHECK: upconv.concat({{.*}}) axis 2 layout <low = [0, 1, 0], high = [0, 1, 0]> slot [[SLOT:[0-9]+]]
// CHECK-NOT: upconv.copy
// CHECK: return
func.func @skip(%x: tensor<1x64x16xf32>, %k: tensor<3x32x16xf32>) -> tensor<1x64x16xf32> {
  %a = upconv.softmax %x : tensor<1x64x16xf32> -> tensor<1x64x16xf32>
  %b = upconv.softmax %a : tensor<1x64x16xf32> -> tensor<1x64x16xf32>
  %c = upconv.concat(%a, %b) axis 2 : (tensor<1x64x16xf32>, tensor<1x64x16xf32>) -> tensor<1x64x32xf32>
  %w = upconv.weights "k" role "kernel" axis 2 hash "" : tensor<3x32x16xf32>
  %y = upconv.conv %c, %w strides [1] dilations [1] pad_low affine_map<() -> (1)> groups 1
    : (tensor<1x64x32xf32>, tensor<3x32x16xf32>) -> tensor<1x64x16xf32>
  return %y : tensor<1x64x16xf32>
}

// An argument is copied, and so are the values that two concats hold, once.
// CHECK-LABEL: func.func @foreign
// CHECK-COUNT-3: upconv.copy
// CHECK-NOT: upconv.copy
// CHECK: return
func.func @foreign(%x: tensor<1x4xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>) {
  %a = upconv.softmax %x : tensor<1x4xf32> -> tensor<1x4xf32>
  %b = upconv.softmax %a : tensor<1x4xf32> -> tensor<1x4xf32>
  %c = upconv.concat(%x, %b) axis 1 : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x8xf32>
  %d = upconv.softmax %b : tensor<1x4xf32> -> tensor<1x4xf32>
  %e = upconv.concat(%a, %d) axis 1 : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x8xf32>
  %f = upconv.concat(%a, %d) axis 1 : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x8xf32>
  %s = upconv.map(%e, %f) {
  ^bb0(%u: f32, %v: f32):
    %r = arith.addf %u, %v : f32
    upconv.yield %r : f32
  } : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  return %c, %s : tensor<1x8xf32>, tensor<1x8xf32>
}
