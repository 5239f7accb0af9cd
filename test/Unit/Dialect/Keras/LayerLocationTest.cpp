//===- LayerLocationTest.cpp ----------------------------------------------===//

#include "upconv/Dialect/Keras/IR/LayerLocation.h"

#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace upconv::keras;

namespace {

class LayerLocation : public testing::Test {
protected:
  Location at(unsigned line) {
    return FileLineColLoc::get(&context, "model.json", line, 1);
  }
  MLIRContext context;
};

TEST_F(LayerLocation, ArgumentsHavePlaces) {
  Location layer = getLayerLocation("up", at(3), {{"strides", at(4)}});
  EXPECT_EQ(getLayerName(layer), "up");
  EXPECT_EQ(getArgumentLocation(layer, "strides"), at(4));
  EXPECT_EQ(getArgumentLocation(layer, "filters"), at(3));
  EXPECT_EQ(getArgumentLocation(layer, ""), at(3));
  EXPECT_TRUE(hasArgumentLocation(layer, "strides"));
  EXPECT_FALSE(hasArgumentLocation(layer, "filters"));
}

TEST_F(LayerLocation, AnyLocationWillDo) {
  EXPECT_EQ(getLayerName(at(1)), "");
  EXPECT_EQ(getArgumentLocation(at(1), "strides"), at(1));
  EXPECT_EQ(getArgumentLocation(getLayerLocation("up", at(2), {}), "x"), at(2));
}

TEST_F(LayerLocation, ErrorNamesTheLayer) {
  std::string text;
  Location where = at(9);
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    text = diagnostic.str();
    where = diagnostic.getLocation();
    return success();
  });
  Location layer = getLayerLocation("up", at(3), {{"strides", at(4)}});
  (void)(emitLayerError(layer, "Conv1DTranspose", "strides") << "'strides' x");
  EXPECT_EQ(text, "layer 'up' (Conv1DTranspose): 'strides' x");
  EXPECT_EQ(where, at(4));
}

} // namespace
