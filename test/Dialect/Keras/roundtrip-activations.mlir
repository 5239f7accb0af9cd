// RUN: upconv-opt %s | upconv-opt | FileCheck %s

// CHECK-LABEL: @activations
func.func @activations(%a: tensor<?x3x4xf32>) {
  // CHECK: keras.elu {{.*}} -> tensor<?x3x4xf32>
  %0 = keras.elu %a {alpha = 0.5} : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.p_re_lu {{.*}} -> tensor<?x3x4xf32>
  %1 = keras.p_re_lu %a {shared_axes = array<i64: 1>, weights = [#keras.variable<"alpha", tensor<1x4xf32>, "p/alpha", "">]} : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.thresholded_re_lu {{.*}} -> tensor<?x3x4xf32>
  %2 = keras.thresholded_re_lu %a {theta = 1.0} : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.softmax {{.*}} -> tensor<?x3x4xf32>
  %3 = keras.softmax %a {axis = array<i64: 1, 2>} : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.activation {{.*}} -> tensor<?x3x4xf32>
  %4 = keras.activation %a {activation = "gelu"} : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  return
}

// CHECK-LABEL: @identities
func.func @identities(%a: tensor<?x3x4xf32>) {
  // CHECK: keras.alpha_dropout {{.*}} -> tensor<?x3x4xf32>
  %0 = keras.alpha_dropout %a {rate = 0.1} : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.gaussian_dropout {{.*}} -> tensor<?x3x4xf32>
  %1 = keras.gaussian_dropout %a {rate = 0.1} : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.spatial_dropout1d {{.*}} -> tensor<?x3x4xf32>
  %2 = keras.spatial_dropout1d %a {rate = 0.1} : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.gaussian_noise {{.*}} -> tensor<?x3x4xf32>
  %3 = keras.gaussian_noise %a {stddev = 0.1} : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.activity_regularization {{.*}} -> tensor<?x3x4xf32>
  %4 = keras.activity_regularization %a {l1 = 0.1, l2 = 0.0} : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.identity {{.*}} -> tensor<?x3x4xf32>
  %5 = keras.identity %a : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.random_flip {{.*}} -> tensor<?x3x4xf32>
  %6 = keras.random_flip %a : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  return
}
