"""Models of other libraries, small, with random weights, by LIBRARY/NAME; and some classic ones written out here."""

import inspect

import torch

import evening
import own

# Forms of export.py in which the model trains; in the others it is exported in evaluation mode.
TRAINING = {"torchscript-training", "dynamo-unoptimized", "optcmp"}
CLASSES = 5


def images(size, channels=3):
    return (torch.randn(2, channels, size, size),)


def videos(frames, size):
    return (torch.randn(2, 3, frames, size, size),)


def tokens(count, length=10):
    return (torch.randint(3, count, (2, length)),)


TORCHVISION = {
    **dict.fromkeys(
        "resnet18 wide_resnet50_2 resnext50_32x4d densenet121 mobilenet_v2 mobilenet_v3_small shufflenet_v2_x0_5 "
        "squeezenet1_1 efficientnet_b0 efficientnet_v2_s regnet_y_400mf mnasnet0_5 convnext_tiny vgg11_bn".split(),
        64,
    ),
    "alexnet": 96,
    "googlenet": 64,
    "inception_v3": 96,
    "swin_t": 64,
    "swin_v2_t": 64,
    "maxvit_t": 224,
    "vit_b_32": 224,
}
SEGMENTATION = ["lraspp_mobilenet_v3_large", "deeplabv3_mobilenet_v3_large", "fcn_resnet50"]
VIDEO = {
    "r3d_18": (8, 32),
    "mc3_18": (8, 32),
    "r2plus1d_18": (8, 32),
    "s3d": (16, 64),
    "swin3d_t": (4, 64),
    "mvit_v1_b": (16, 224),
}


def torchvision_model(name):
    import torchvision.models as zoo

    options = {"weights": None}
    if name in ("googlenet", "inception_v3"):
        options |= {"aux_logits": False, "init_weights": False}
    if name in SEGMENTATION or name == "lraspp_mobilenet_v3_large":
        return getattr(zoo.segmentation, name)(weights_backbone=None, num_classes=CLASSES, **options), images(64)
    if name in VIDEO:
        return getattr(zoo.video, name)(num_classes=CLASSES, **options), videos(*VIDEO[name])
    if name == "retinanet_fpn":
        from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

        return resnet_fpn_backbone(backbone_name="resnet18", weights=None, trainable_layers=5), images(64)
    return getattr(zoo, name)(num_classes=CLASSES, **options), images(TORCHVISION[name])


# By name the size of images; a model whose `img_size` can be chosen gets it too.
TIMM = {
    **dict.fromkeys(
        "convnext_atto convnextv2_atto ghostnet_050 rexnet_100 regnetx_002 regnety_002 nf_regnet_b0 nfnet_f0 "
        "mobilenetv4_conv_small tinynet_e inception_next_atto repvgg_a0 mobileone_s0 edgenext_xx_small "
        "resnetv2_50 skresnet18 ecaresnet26t seresnet18 res2net50_26w_4s dla34 hardcorenas_a hrnet_w18_small "
        "selecsls42 vovnet39a cspresnet50 darknet53 xception41 mixnet_s efficientnet_lite0 lcnet_050 fbnetc_100 "
        "semnasnet_075 spnasnet_100 dpn48b pnasnet5large gernet_s resnest14d mobilenetv3_small_050 "
        "starnet_s1 fasternet_t0 repghostnet_050 efficientnet_es hgnet_tiny hgnetv2_b0 cs3darknet_s "
        "resnet10t resnet26d gcresnet33ts eca_resnet33ts lambda_resnet26t halonet26t "
        "bat_resnext26ts sehalonet33ts seresnext26t_32x4d legacy_seresnet18 "
        "tf_efficientnet_b0 tf_efficientnetv2_b0 tf_mobilenetv3_small_minimal_100 test_resnet test_efficientnet test_convnext".split(),
        64,
    ),
    **dict.fromkeys(
        "vit_tiny_patch16_224 deit3_small_patch16_224 deit_tiny_distilled_patch16_224 swin_tiny_patch4_window7_224 "
        "swinv2_cr_tiny_ns_224 mixer_s16_224 gmlp_ti16_224 resmlp_12_224 xcit_nano_12_p16_224 cait_xxs24_224 beit_base_patch16_224 "
        "beitv2_base_patch16_224 eva02_tiny_patch14_224 hiera_tiny_224 vit_relpos_small_patch16_224 "
        "vit_srelpos_small_patch16_224 vitamin_small_224 vit_small_resnet26d_224 test_vit tnt_s_patch16_224 "
        "convmixer_768_32 convit_tiny coat_lite_tiny crossvit_tiny_240 nest_tiny jx_nest_tiny visformer_tiny pit_ti_224 levit_128s "
        "levit_conv_128s twins_pcpvt_small twins_svt_small pvt_v2_b0 davit_tiny focalnet_tiny_srf poolformer_s12 "
        "poolformerv2_s12 caformer_s18 convformer_s18 randformer_s12 efficientformer_l1 efficientformerv2_s0 "
        "efficientvit_b0 efficientvit_m0 fastvit_t8 mobilevit_xxs mobilevitv2_050 maxvit_rmlp_pico_rw_256 "
        "maxxvit_rmlp_nano_rw_256 coatnet_nano_rw_224 coatnet_pico_rw_224 coatnext_nano_rw_224 gcvit_xxtiny volo_d1_224 "
        "mvitv2_tiny repvit_m0_9 shvit_s1 rdnet_tiny swiftformer_xs tiny_vit_5m_224 mambaout_femto nextvit_small hieradet_small "
        "sequencer2d_s edgenext_small_rw samvit_base_patch16_224 naflexvit_base_patch16_gap vit_base_patch16_rope_224 csatv2 "
        "mobilenetv5_base".split(),
        0,
    ),
}
# Where images of 64 pixels are too small, or the depth can be less.
TIMM_OPTIONS = {
    "pnasnet5large": {"size": 96},
    "beit_base_patch16_224": {"depth": 2},
    "beitv2_base_patch16_224": {"depth": 2},
    "deit3_small_patch16_224": {"depth": 3},
    "vit_base_patch16_rope_224": {"depth": 2},
    "samvit_base_patch16_224": {"depth": 2},
    "convmixer_768_32": {"size": 64},
    "efficientformer_l1": {"size": 224},
    "caformer_s18": {"size": 64},
    "convformer_s18": {"size": 64},
    "poolformer_s12": {"size": 64},
    "poolformerv2_s12": {"size": 64},
    "edgenext_small_rw": {"size": 64},
    "fastvit_t8": {"size": 64},
    "repvit_m0_9": {"size": 64},
    "mambaout_femto": {"size": 64},
    "pvt_v2_b0": {"size": 64},
    "efficientvit_b0": {"size": 64},
    "davit_tiny": {"size": 64},
    "shvit_s1": {"size": 64},
    "rdnet_tiny": {"size": 64},
    "nextvit_small": {"size": 64},
    "mobilevit_xxs": {"size": 64},
    "mobilevitv2_050": {"size": 64},
    "cait_xxs24_224": {"depth": 3},
    "xcit_nano_12_p16_224": {"depth": 3},
}


def timm_model(name):
    import timm

    options = dict(TIMM_OPTIONS.get(name, {}))
    size = options.pop("size", TIMM[name])
    model = timm.create_model(name, pretrained=False, num_classes=CLASSES, **options)
    size = size or model.default_cfg["input_size"][-1]
    return model, images(size)


TINY = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24, "vocab_size": 30}
GPT = {"n_embd": 16, "n_layer": 2, "n_head": 2, "vocab_size": 30, "n_positions": 32}
LLAMA = {**TINY, "num_key_value_heads": 1, "pad_token_id": 0, "head_dim": 8, "max_position_embeddings": 32}
T5 = {"d_model": 16, "d_kv": 8, "d_ff": 24, "num_layers": 2, "num_heads": 2, "vocab_size": 30}
BART = {
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 24,
    "decoder_ffn_dim": 24,
    "vocab_size": 30,
    "max_position_embeddings": 32,
}
VIT = {k: v for k, v in TINY.items() if k != "vocab_size"} | {"image_size": 32, "patch_size": 8}
SPEECH = {
    **TINY,
    "conv_dim": (8, 8),
    "conv_stride": (5, 4),
    "conv_kernel": (10, 4),
    "num_feat_extract_layers": 2,
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
    "mask_time_prob": 0.0,
    "layerdrop": 0.0,
}
WAVES = (torch.linspace(-1, 1, 2 * 800).sin().reshape(2, 800),)
BOTH = (*tokens(30, 7), *tokens(30, 5))

# Name: class of the model, options of its configuration, inputs; and what they are called where not the first.
TRANSFORMERS = {
    "bert": ("BertForSequenceClassification", TINY, tokens(30)),
    "roberta": ("RobertaForMaskedLM", TINY, tokens(30)),
    "albert": ("AlbertForSequenceClassification", {**TINY, "embedding_size": 8}, tokens(30)),
    "deberta": ("DebertaForSequenceClassification", {**TINY, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]}, tokens(30)),
    "deberta_v2": ("DebertaV2ForSequenceClassification", {**TINY, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]}, tokens(30)),
    "electra": ("ElectraForPreTraining", {**TINY, "embedding_size": 8}, tokens(30)),
    "distilbert": ("DistilBertForMaskedLM", {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 24, "vocab_size": 30}, tokens(30)),
    "mpnet": ("MPNetForMaskedLM", TINY, tokens(30)),
    "camembert": ("CamembertForTokenClassification", TINY, tokens(30)),
    "xlm_roberta": ("XLMRobertaForSequenceClassification", TINY, tokens(30)),
    "xlm": ("XLMModel", {"emb_dim": 16, "n_layers": 2, "n_heads": 2, "n_words": 30, "vocab_size": 30}, tokens(30)),
    "ernie": ("ErnieModel", TINY, tokens(30)),
    "nystromformer": ("NystromformerModel", {**TINY, "num_landmarks": 4, "segment_means_seq_len": 12, "max_position_embeddings": 20}, tokens(30, 12)),
    "modernbert": ("ModernBertForMaskedLM", {**TINY, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2, "reference_compile": False}, tokens(30)),
    "fnet": ("FNetModel", {**TINY, "use_tpu_fourier_optimizations": False}, tokens(30)),
    "squeezebert": ("SqueezeBertModel", {**TINY, "embedding_size": 16, "q_groups": 2, "k_groups": 2, "v_groups": 2, "post_attention_groups": 1, "intermediate_groups": 2, "output_groups": 2}, tokens(30)),
    "convbert": ("ConvBertModel", {**TINY, "embedding_size": 16, "head_ratio": 2, "conv_kernel_size": 3}, tokens(30)),
    "mobilebert": ("MobileBertModel", {**TINY, "embedding_size": 16, "intra_bottleneck_size": 16, "true_hidden_size": 16}, tokens(30)),
    "layoutlm": ("LayoutLMModel", TINY, tokens(30)),
    "funnel": ("FunnelModel", {"d_model": 16, "n_head": 2, "d_head": 8, "d_inner": 24, "block_sizes": [1, 1], "num_decoder_layers": 1, "vocab_size": 30}, tokens(30, 8)),
    "longformer": ("LongformerModel", {**TINY, "attention_window": [4, 4], "max_position_embeddings": 40, "pad_token_id": 1}, tokens(30, 8)),
    "big_bird": ("BigBirdModel", {**TINY, "attention_type": "original_full"}, tokens(30)),
    "canine": ("CanineModel", {**TINY, "num_hash_buckets": 16, "num_hash_functions": 2, "downsampling_rate": 2, "local_transformer_stride": 8}, tokens(30, 16)),
    "xlnet": ("XLNetModel", {"d_model": 16, "n_layer": 2, "n_head": 2, "d_inner": 24, "vocab_size": 30}, tokens(30)),
    "gpt2": ("GPT2LMHeadModel", GPT, tokens(30)),
    "gpt_neo": ("GPTNeoForCausalLM", {"hidden_size": 16, "num_layers": 2, "num_heads": 2, "attention_types": [[["global", "local"], 1]], "window_size": 4, "vocab_size": 30, "max_position_embeddings": 32}, tokens(30)),
    "gpt_neox": ("GPTNeoXForCausalLM", TINY, tokens(30)),
    "gptj": ("GPTJForCausalLM", {**GPT, "rotary_dim": 4}, tokens(30)),
    "codegen": ("CodeGenForCausalLM", {**GPT, "n_head": 4, "rotary_dim": 4}, tokens(30)),
    "gpt_bigcode": ("GPTBigCodeForCausalLM", GPT, tokens(30)),
    "opt": ("OPTForCausalLM", {**TINY, "ffn_dim": 24, "word_embed_proj_dim": 16, "max_position_embeddings": 32}, tokens(30)),
    "bloom": ("BloomForCausalLM", {"hidden_size": 16, "n_layer": 2, "n_head": 2, "vocab_size": 30}, tokens(30)),
    "mpt": ("MptForCausalLM", {"d_model": 16, "n_layers": 2, "n_heads": 2, "vocab_size": 30, "max_seq_len": 32}, tokens(30)),
    "falcon": ("FalconForCausalLM", {**TINY, "alibi": False}, tokens(30)),
    "llama": ("LlamaForCausalLM", LLAMA, tokens(30)),
    "mistral": ("MistralForCausalLM", LLAMA, tokens(30)),
    "mixtral": ("MixtralForCausalLM", {**LLAMA, "num_local_experts": 3, "num_experts_per_tok": 2}, tokens(30)),
    "qwen2": ("Qwen2ForCausalLM", LLAMA, tokens(30)),
    "qwen3": ("Qwen3ForCausalLM", LLAMA, tokens(30)),
    "phi": ("PhiForCausalLM", {**LLAMA, "num_key_value_heads": 2}, tokens(30)),
    "phi3": ("Phi3ForCausalLM", LLAMA, tokens(30)),
    "gemma": ("GemmaForCausalLM", LLAMA, tokens(30)),
    "gemma2": ("Gemma2ForCausalLM", LLAMA, tokens(30)),
    "gemma3": ("Gemma3ForCausalLM", {**LLAMA, "sliding_window": 4}, tokens(30)),
    "olmo": ("OlmoForCausalLM", LLAMA, tokens(30)),
    "olmo2": ("Olmo2ForCausalLM", LLAMA, tokens(30)),
    "stablelm": ("StableLmForCausalLM", LLAMA, tokens(30)),
    "cohere": ("CohereForCausalLM", LLAMA, tokens(30)),
    "granite": ("GraniteForCausalLM", LLAMA, tokens(30)),
    "starcoder2": ("Starcoder2ForCausalLM", LLAMA, tokens(30)),
    "smollm3": ("SmolLM3ForCausalLM", LLAMA, tokens(30)),
    "mamba": ("MambaForCausalLM", {"hidden_size": 16, "num_hidden_layers": 2, "vocab_size": 30, "state_size": 4}, tokens(30)),
    "mamba2": ("Mamba2ForCausalLM", {"hidden_size": 16, "num_hidden_layers": 2, "vocab_size": 30, "state_size": 4, "num_heads": 4, "head_dim": 8, "n_groups": 1, "chunk_size": 4}, tokens(30, 8)),
    "rwkv": ("RwkvForCausalLM", {"hidden_size": 16, "num_hidden_layers": 2, "vocab_size": 30, "attention_hidden_size": 16, "intermediate_size": 24, "context_length": 16}, tokens(30)),
    "t5": ("T5ForConditionalGeneration", T5, BOTH),
    "mt5": ("MT5ForConditionalGeneration", T5, BOTH),
    "umt5": ("UMT5ForConditionalGeneration", T5, BOTH),
    "bart": ("BartForConditionalGeneration", BART, BOTH),
    "mbart": ("MBartForConditionalGeneration", BART, BOTH),
    "marian": ("MarianMTModel", {**BART, "pad_token_id": 0}, BOTH),
    "pegasus": ("PegasusForConditionalGeneration", BART, BOTH),
    "m2m_100": ("M2M100ForConditionalGeneration", BART, BOTH),
    "whisper": ("WhisperForConditionalGeneration", {**BART, "num_mel_bins": 8, "max_source_positions": 20, "max_target_positions": 16, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1, "suppress_tokens": None, "begin_suppress_tokens": None}, (torch.randn(2, 8, 40), *tokens(30, 5)), ("input_features", "decoder_input_ids")),
    "wav2vec2": ("Wav2Vec2Model", {**SPEECH, "apply_spec_augment": False}, WAVES),
    "hubert": ("HubertModel", {**SPEECH, "apply_spec_augment": False}, WAVES),
    "wavlm": ("WavLMModel", {**SPEECH, "apply_spec_augment": False}, WAVES),
    "sew": ("SEWModel", {**SPEECH, "squeeze_factor": 2, "apply_spec_augment": False}, WAVES),
    "audio_spectrogram_transformer": ("ASTModel", {**VIT, "num_mel_bins": 16, "max_length": 32, "patch_size": 8, "frequency_stride": 8, "time_stride": 8}, (torch.randn(2, 32, 16),)),
    "vit": ("ViTForImageClassification", VIT, images(32)),
    "deit": ("DeiTForImageClassification", VIT, images(32)),
    "beit": ("BeitForImageClassification", VIT, images(32)),
    "dinov2": ("Dinov2ForImageClassification", VIT, images(32)),
    "swin": ("SwinForImageClassification", {"image_size": 32, "patch_size": 2, "embed_dim": 8, "depths": [2, 2], "num_heads": [2, 2], "window_size": 4}, images(32)),
    "segformer": ("SegformerForSemanticSegmentation", {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1], "num_attention_heads": [1, 1, 2, 2], "decoder_hidden_size": 16}, images(64)),
    "convnext": ("ConvNextForImageClassification", {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1]}, images(64)),
    "convnextv2": ("ConvNextV2ForImageClassification", {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1]}, images(64)),
    "resnet": ("ResNetForImageClassification", {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}, images(32)),
    "regnet": ("RegNetForImageClassification", {"embedding_size": 8, "hidden_sizes": [8, 16, 16, 16], "depths": [1, 1, 1, 1], "groups_width": 8}, images(64)),
    "cvt": ("CvtForImageClassification", {"embed_dim": [8, 8, 16], "num_heads": [1, 1, 2], "depth": [1, 1, 1]}, images(64)),
    "levit": ("LevitForImageClassification", {"image_size": 64, "hidden_sizes": [16, 16, 16], "num_attention_heads": [2, 2, 2], "depths": [1, 1, 1], "key_dim": [8, 8, 8]}, images(64)),
    "poolformer": ("PoolFormerForImageClassification", {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1]}, images(64)),
    "mobilevit": ("MobileViTForImageClassification", {"hidden_sizes": [16, 16, 16], "neck_hidden_sizes": [8, 8, 8, 8, 8, 8, 16], "num_attention_heads": 2, "image_size": 64}, images(64)),
    "pvt": ("PvtForImageClassification", {"image_size": 64, "hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1], "num_attention_heads": [1, 1, 2, 2]}, images(64)),
    "dpt": ("DPTForDepthEstimation", {**VIT, "backbone_out_indices": [0, 0, 1, 1], "neck_hidden_sizes": [8, 8, 8, 8], "fusion_hidden_size": 8, "is_hybrid": False, "num_hidden_layers": 2}, images(32)),
    "glpn": ("GLPNForDepthEstimation", {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1], "num_attention_heads": [1, 1, 2, 2], "decoder_hidden_size": 16}, images(64)),
    "clip_text": ("CLIPTextModel", {**TINY, "max_position_embeddings": 16, "eos_token_id": 2}, tokens(30)),
    "clip_vision": ("CLIPVisionModel", VIT, images(32)),
    "siglip_text": ("SiglipTextModel", {**TINY, "max_position_embeddings": 16}, tokens(30)),
    "siglip_vision": ("SiglipVisionModel", VIT, images(32)),
    "perceiver": ("PerceiverForMaskedLM", {"num_latents": 4, "d_latents": 16, "d_model": 16, "num_blocks": 1, "num_self_attends_per_block": 2, "num_self_attention_heads": 2, "num_cross_attention_heads": 2, "qk_channels": 16, "v_channels": 16, "vocab_size": 30, "max_position_embeddings": 16}, tokens(30, 16)),
    "decision_transformer_gpt2": ("GPT2Model", {**GPT, "scale_attn_by_inverse_layer_idx": True, "reorder_and_upcast_attn": True}, tokens(30)),
    "time_series_patchtst": ("PatchTSTForPrediction", {"num_input_channels": 2, "context_length": 24, "prediction_length": 4, "patch_length": 6, "patch_stride": 6, "d_model": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "ffn_dim": 24, "random_mask_ratio": 0.0}, (torch.randn(2, 24, 2),)),
    "patchtsmixer": ("PatchTSMixerForPrediction", {"num_input_channels": 2, "context_length": 24, "prediction_length": 4, "patch_length": 6, "patch_stride": 6, "d_model": 8, "num_layers": 2}, (torch.randn(2, 24, 2),)),
    "timesformer": ("TimesformerModel", {**VIT, "num_frames": 2}, (torch.randn(2, 2, 3, 32, 32),)),
    "videomae": ("VideoMAEForVideoClassification", {**VIT, "num_frames": 4, "tubelet_size": 2}, (torch.randn(2, 4, 3, 32, 32),)),
    "vivit": ("VivitForVideoClassification", {**VIT, "num_frames": 4, "tubelet_size": [2, 8, 8]}, (torch.randn(2, 4, 3, 32, 32),)),
}


class Named(torch.nn.Module):
    """A model of transformers that takes its inputs by these names. torch.onnx needs arguments that it can name itself."""

    def __init__(self, model, names):
        super().__init__()
        self.model, self.names = model, names

    def forward(self, input0, input1=None):
        return self.model(**{name: x for name, x in zip(self.names, (input0, input1)) if x is not None})


def transformers_model(name):
    import transformers

    kind, options, inputs, *given = TRANSFORMERS[name]
    cls = getattr(transformers, kind)
    config = cls.config_class(**options, attn_implementation="eager")
    for key, value in vars(config).items():
        if "drop" in key and isinstance(value, float):
            setattr(config, key, 0.0)
    if hasattr(config, "use_cache"):
        config.use_cache = False
    model = cls(config)
    if given:
        return Named(model, given[0]), inputs
    arguments = list(inspect.signature(model.forward).parameters)
    both = ["input_ids", "decoder_input_ids"]
    return Named(model, both if len(inputs) == 2 else arguments[:1]), inputs


LIBRARIES = {
    "torchvision": ([*TORCHVISION, *SEGMENTATION, *VIDEO, "retinanet_fpn"], torchvision_model),
    "timm": (list(TIMM), timm_model),
    "transformers": (list(TRANSFORMERS), transformers_model),
    "own": (list(own.REGISTRY.models), own.REGISTRY.build),
    "evening": (list(evening.REGISTRY.models), evening.REGISTRY.build),
}


def names():
    return [f"{library}/{name}" for library, (listed, _) in LIBRARIES.items() for name in listed]


def build(name):
    """A module with random weights and example inputs, a tuple of a batch of two."""
    library, _, short = name.partition("/")
    model, inputs = LIBRARIES[library][1](short)
    return model, tuple(x.clone() for x in inputs)
