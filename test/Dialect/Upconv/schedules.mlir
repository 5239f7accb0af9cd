// RUN: upconv-opt %s -pass-pipeline='builtin.module(upconv-schedules{target=x86-64-v4})' 2>&1 | FileCheck %s
// RUN: not upconv-opt %s -pass-pipeline='builtin.module(upconv-schedules{target=vax})' 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: not upconv-opt %s -pass-pipeline='builtin.module(upconv-schedules{schedules=/nowhere})' 2>&1 | FileCheck %s --check-prefix=FOLDER

// TARGET: unknown target 'vax'
// FOLDER: /nowhere

// Every kernel gets a schedule with its place in the tables, as a remark too;
// tensors between kernels get slots, results none.
// CHECK: remark: kernel uses strategy '{{.*}}' ({{.*}}conv-transpose-f32.yaml:{{[0-9]+}})
// CHECK-LABEL: func.func @chain
// CHECK: upconv.kernel({{.*}}) schedule <{{.*}}slot 0
// CHECK: upconv.kernel({{.*}}) schedule <
// CHECK-NOT: slot
func.func @chain(%x: tensor<1x3x2xf32>) -> tensor<1x6x5xf32> {
  %w = upconv.weights "a/kernel" role "kernel" axis 1 hash "" : tensor<2x5x2xf32>
  %c = upconv.kernel(%x, %w) {
  ^bb0(%a: tensor<1x3x2xf32>, %b: tensor<2x5x2xf32>):
    %t = upconv.conv_transpose %a, %b strides [2] dilations [1] crop_low [0]
      : (tensor<1x3x2xf32>, tensor<2x5x2xf32>) -> tensor<1x6x5xf32>
    upconv.yield %t : tensor<1x6x5xf32>
  } : (tensor<1x3x2xf32>, tensor<2x5x2xf32>) -> tensor<1x6x5xf32>
  %s = upconv.kernel(%c) {
  ^bb0(%a: tensor<1x6x5xf32>):
    %t = upconv.softmax %a : tensor<1x6x5xf32> -> tensor<1x6x5xf32>
    upconv.yield %t : tensor<1x6x5xf32>
  } : (tensor<1x6x5xf32>) -> tensor<1x6x5xf32>
  return %s : tensor<1x6x5xf32>
}
