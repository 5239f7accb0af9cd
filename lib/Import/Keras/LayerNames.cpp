//===- LayerNames.cpp - Keras's class names beyond the readers' -----------===//

#include "LayerNames.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;

ArrayRef<StringRef> upconv::keras_import::getOtherLayers() {
  static constexpr StringRef names[] = {"AbstractRNNCell",
                                        "AdditiveAttention",
                                        "Attention",
                                        "AugMix",
                                        "AutoContrast",
                                        "Bidirectional",
                                        "CategoryEncoding",
                                        "ConvLSTM1D",
                                        "ConvLSTM2D",
                                        "ConvLSTM3D",
                                        "CuDNNGRU",
                                        "CuDNNLSTM",
                                        "CutMix",
                                        "Discretization",
                                        "EinsumDense",
                                        "Equalization",
                                        "FlaxLayer",
                                        "Functional",
                                        "GRU",
                                        "GRUCell",
                                        "GroupQueryAttention",
                                        "HashedCrossing",
                                        "Hashing",
                                        "IntegerLookup",
                                        "JaxLayer",
                                        "LSTM",
                                        "LSTMCell",
                                        "Lambda",
                                        "LocallyConnected1D",
                                        "LocallyConnected2D",
                                        "MaxNumBoundingBoxes",
                                        "MelSpectrogram",
                                        "MixUp",
                                        "Model",
                                        "MultiHeadAttention",
                                        "Pipeline",
                                        "RNN",
                                        "RandAugment",
                                        "RandomCrop",
                                        "ReversibleEmbedding",
                                        "STFTSpectrogram",
                                        "Sequential",
                                        "SimpleRNN",
                                        "SimpleRNNCell",
                                        "SlicingOpLambda",
                                        "Solarization",
                                        "StackedRNNCells",
                                        "StringLookup",
                                        "TFOpLambda",
                                        "TFSMLayer",
                                        "TensorFlowOpLayer",
                                        "TextVectorization",
                                        "TorchModuleWrapper",
                                        "Wrapper"};
  return names;
}

StringRef upconv::keras_import::canonicalClass(StringRef className) {
  static constexpr std::pair<StringRef, StringRef> aliases[] = {
      {"Convolution1D", "Conv1D"},
      {"Convolution2D", "Conv2D"},
      {"Convolution3D", "Conv3D"},
      {"Convolution1DTranspose", "Conv1DTranspose"},
      {"Convolution2DTranspose", "Conv2DTranspose"},
      {"Convolution3DTranspose", "Conv3DTranspose"},
      {"MaxPool1D", "MaxPooling1D"},
      {"MaxPool2D", "MaxPooling2D"},
      {"MaxPool3D", "MaxPooling3D"},
      {"AvgPool1D", "AveragePooling1D"},
      {"AvgPool2D", "AveragePooling2D"},
      {"AvgPool3D", "AveragePooling3D"},
      {"DepthwiseConvolution2D", "DepthwiseConv2D"},
      {"SeparableConvolution1D", "SeparableConv1D"},
      {"SeparableConvolution2D", "SeparableConv2D"},
      {"GlobalMaxPool1D", "GlobalMaxPooling1D"},
      {"GlobalMaxPool2D", "GlobalMaxPooling2D"},
      {"GlobalMaxPool3D", "GlobalMaxPooling3D"},
      {"GlobalAvgPool1D", "GlobalAveragePooling1D"},
      {"GlobalAvgPool2D", "GlobalAveragePooling2D"},
      {"GlobalAvgPool3D", "GlobalAveragePooling3D"},
      {"BatchNormalizationV1", "BatchNormalization"},
      {"BatchNormalizationV2", "BatchNormalization"}};
  for (const auto &[alias, canonical] : aliases)
    if (className == alias)
      return canonical;
  return className;
}

bool upconv::keras_import::isKerasModule(StringRef module) {
  return module.empty() || module == "builtins" ||
         llvm::any_of(
             ArrayRef<StringRef>{"keras", "tf_keras", "tensorflow.keras",
                                 "tensorflow.python.keras", "keras_core"},
             [&](StringRef root) {
               StringRef rest = module;
               return rest.consume_front(root) &&
                      (rest.empty() || rest.starts_with("."));
             });
}

std::string upconv::keras_import::reasonFor(StringRef className) {
  if (className == "Lambda")
    return "a Lambda layer is Python code, which is never executed; use "
           "Keras's "
           "layers or functions (keras.ops) in its place";
  return "this layer is not supported yet";
}
