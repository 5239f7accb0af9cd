//===- IdentityOps.td - Layers that act in training only -*- tablegen -*-===//

#ifndef UPCONV_DIALECT_KERAS_IR_IDENTITYOPS_TD
#define UPCONV_DIALECT_KERAS_IR_IDENTITYOPS_TD

include "upconv/Dialect/Keras/IR/KerasBase.td"

def Keras_IdentityAtInference : NativeOpTrait<"IdentityAtInference"> {
  let cppNamespace = "::upconv::keras";
}

class Keras_Identity<string mnemonic, string kerasClass, dag extra = (ins)>
    : Keras_Layer<mnemonic, kerasClass, [Keras_IdentityAtInference]> {
  let summary = "identity at inference";
  let arguments = !con((ins Keras_Tensor:$input), extra);
  let hasFolder = 1;
}

class Keras_DropoutLike<string mnemonic, string kerasClass>
    : Keras_Identity<mnemonic, kerasClass, (ins F64Attr:$rate)> {
  let description = [{
    Constraints:
    - (C1) `rate` is in [0, 1].
  }];
}
def Keras_DropoutOp : Keras_DropoutLike<"dropout", "Dropout">;
def Keras_AlphaDropoutOp : Keras_DropoutLike<"alpha_dropout", "AlphaDropout">;
def Keras_GaussianDropoutOp : Keras_DropoutLike<"gaussian_dropout", "GaussianDropout">;

class Keras_SpatialDropout<string mnemonic, string kerasClass, int rank>
    : Keras_DropoutLike<mnemonic, kerasClass> {
  let description = [{
    Constraints:
    - (C1) `rate` is in [0, 1].
    - (C2) the input has rank }] # !add(rank, 2) # [{.
  }];
}
def Keras_SpatialDropout1DOp : Keras_SpatialDropout<"spatial_dropout1d", "SpatialDropout1D", 1>;
def Keras_SpatialDropout2DOp : Keras_SpatialDropout<"spatial_dropout2d", "SpatialDropout2D", 2>;
def Keras_SpatialDropout3DOp : Keras_SpatialDropout<"spatial_dropout3d", "SpatialDropout3D", 3>;

def Keras_GaussianNoiseOp
    : Keras_Identity<"gaussian_noise", "GaussianNoise", (ins F64Attr:$stddev)> {
  let description = [{
    Constraints:
    - (C1) `stddev` is not negative.
  }];
}
def Keras_ActivityRegularizationOp
    : Keras_Identity<"activity_regularization", "ActivityRegularization",
                     (ins F64Attr:$l1, F64Attr:$l2)> {
  let description = [{
    Constraints:
    - (C1) `l1` and `l2` are not negative.
  }];
}
def Keras_IdentityOp : Keras_Identity<"identity", "Identity">;

// Augmentation of training data; what their arguments say has no effect here.
foreach name = ["Brightness", "ColorDegeneration", "ColorJitter", "Contrast",
                "ElasticTransform", "Erasing", "Flip", "GaussianBlur", "Grayscale",
                "Height", "Hue", "Invert", "Perspective", "Posterization", "Rotation",
                "Saturation", "Sharpness", "Shear", "Translation", "Width", "Zoom"] in
  def Keras_Random#name#Op
      : Keras_Identity<"random_" # !tolower(name), "Random" # name>;

#endif // UPCONV_DIALECT_KERAS_IR_IDENTITYOPS_TD
