#include "shim.hpp"

#include <opencv2/dnn.hpp>

struct cv_network {
    cv::dnn::Net net;
    std::vector<cv::String> names;
    cv::Mat blob;
    std::vector<cv::Mat> outputs;
};

static void cv_network_adopt(cv::dnn::Net net, cv_network **network) {
    net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
    net.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
    *network = new cv_network{net, net.getUnconnectedOutLayersNames(), cv::Mat(), {}};
}

char *cv_network_darknet(const char *configuration, const char *weights, cv_network **network) {
    *network = nullptr;
    return cv_guarded([&] { cv_network_adopt(cv::dnn::readNetFromDarknet(configuration, weights), network); });
}

char *cv_network_onnx(const char *path, cv_network **network) {
    *network = nullptr;
    return cv_guarded([&] { cv_network_adopt(cv::dnn::readNetFromONNX(path), network); });
}

char *cv_network_run(cv_network *network, const cv_picture *picture, int width, int height) {
    return cv_guarded([&] {
        cv::dnn::blobFromImage(picture->mat, network->blob, 1 / 255.0, cv::Size(width, height), cv::Scalar(), true);
        network->net.setInput(network->blob);
        network->net.forward(network->outputs, network->names);
    });
}

int cv_network_output_count(const cv_network *network) { return int(network->outputs.size()); }

const float *cv_network_output(const cv_network *network, int index, int *rows, int *columns) {
    const cv::Mat &output = network->outputs[size_t(index)];
    // Three dimensions (batch, rows, columns) or two: the batch holds one picture.
    *rows = output.size[output.dims - 2];
    *columns = output.size[output.dims - 1];
    return output.ptr<float>();
}

void cv_network_free(cv_network *network) { delete network; }
