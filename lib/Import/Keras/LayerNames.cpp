//===- LayerNames.cpp - Keras's class names beyond the readers' -----------===//

#include "LayerNames.h"

using namespace llvm;

ArrayRef<StringRef> upconv::keras_import::getOtherLayers() {
  static constexpr StringRef names[] = {"AbstractRNNCell",
                                        "AdaptiveAveragePooling1D",
                                        "AdaptiveAveragePooling2D",
                                        "AdaptiveAveragePooling3D",
                                        "AdaptiveMaxPooling1D",
                                        "AdaptiveMaxPooling2D",
                                        "AdaptiveMaxPooling3D",
                                        "AdditiveAttention",
                                        "Attention",
                                        "AugMix",
                                        "AutoContrast",
                                        "Bidirectional",
                                        "CategoryEncoding",
                                        "CenterCrop",
                                        "ConvLSTM1D",
                                        "ConvLSTM2D",
                                        "ConvLSTM3D",
                                        "Cropping1D",
                                        "Cropping2D",
                                        "Cropping3D",
                                        "CuDNNGRU",
                                        "CuDNNLSTM",
                                        "CutMix",
                                        "DepthwiseConv1D",
                                        "DepthwiseConv2D",
                                        "Discretization",
                                        "EinsumDense",
                                        "Embedding",
                                        "Equalization",
                                        "FlaxLayer",
                                        "Functional",
                                        "GRU",
                                        "GRUCell",
                                        "GlobalAveragePooling1D",
                                        "GlobalAveragePooling2D",
                                        "GlobalAveragePooling3D",
                                        "GlobalMaxPooling1D",
                                        "GlobalMaxPooling2D",
                                        "GlobalMaxPooling3D",
                                        "GroupNormalization",
                                        "GroupQueryAttention",
                                        "HashedCrossing",
                                        "Hashing",
                                        "IntegerLookup",
                                        "JaxLayer",
                                        "LSTM",
                                        "LSTMCell",
                                        "Lambda",
                                        "LayerNormalization",
                                        "LocallyConnected1D",
                                        "LocallyConnected2D",
                                        "Masking",
                                        "MaxNumBoundingBoxes",
                                        "MelSpectrogram",
                                        "MixUp",
                                        "Model",
                                        "MultiHeadAttention",
                                        "Normalization",
                                        "Permute",
                                        "Pipeline",
                                        "RMSNormalization",
                                        "RNN",
                                        "RandAugment",
                                        "RandomCrop",
                                        "RepeatVector",
                                        "Rescaling",
                                        "Resizing",
                                        "ReversibleEmbedding",
                                        "STFTSpectrogram",
                                        "SeparableConv1D",
                                        "SeparableConv2D",
                                        "Sequential",
                                        "SimpleRNN",
                                        "SimpleRNNCell",
                                        "SlicingOpLambda",
                                        "Solarization",
                                        "SpectralNormalization",
                                        "StackedRNNCells",
                                        "StringLookup",
                                        "TFOpLambda",
                                        "TFSMLayer",
                                        "TensorFlowOpLayer",
                                        "TextVectorization",
                                        "TimeDistributed",
                                        "TorchModuleWrapper",
                                        "UnitNormalization",
                                        "UpSampling1D",
                                        "UpSampling2D",
                                        "UpSampling3D",
                                        "Wrapper",
                                        "ZeroPadding1D",
                                        "ZeroPadding2D",
                                        "ZeroPadding3D"};
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
      {"BatchNormalizationV1", "BatchNormalization"},
      {"BatchNormalizationV2", "BatchNormalization"}};
  for (const auto &[alias, canonical] : aliases)
    if (className == alias)
      return canonical;
  return className;
}

std::string upconv::keras_import::reasonFor(StringRef className) {
  if (className == "Lambda")
    return "a Lambda layer is Python code, which is never executed";
  if (className == "Functional" || className == "Sequential" ||
      className == "Model")
    return "a model inside a model is not supported yet";
  return "this layer is not supported yet";
}
