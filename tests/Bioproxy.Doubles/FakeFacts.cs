using System.Text.Json.Nodes;

namespace Bioproxy.Doubles;

/// <summary>What a fake says about itself and its model, as measured on a real llama-server.</summary>
internal sealed class FakeFacts(FakeBackend backend, FakeBackendOptions options, FakeEngine engine, string marker)
{
    private const string ChatTemplate = "{%- for message in messages -%}fake{%- endfor -%}";

    public JsonObject Props()
    {
        var props = new JsonObject
        {
            ["default_generation_settings"] = new JsonObject
            {
                ["params"] = new JsonObject { ["n_predict"] = -1, ["lora"] = new JsonArray() },
                ["n_ctx"] = options.ContextPerSlot,
            },
            ["total_slots"] = options.Slots,
            ["model_alias"] = options.Model,
            ["model_ftype"] = "F16",
            ["model_path"] = $"/models/{options.Model}.gguf",
            ["modalities"] = new JsonObject { ["vision"] = false, ["video"] = false, ["audio"] = false },
        };
        if (options.HasMarker)
            props["media_marker"] = marker;
        props["endpoint_slots"] = options.HasSlots;
        props["endpoint_props"] = false;
        props["endpoint_metrics"] = false;
        props["chat_template"] = ChatTemplate;
        props["bos_token"] = "<s>";
        props["eos_token"] = "</s>";
        props["build_info"] = options.BuildInfo;
        props["is_sleeping"] = engine.IsSleeping;
        return props;
    }

    public JsonObject RouterProps() => new()
    {
        ["role"] = "router",
        ["max_instances"] = 1,
        ["models_autoload"] = true,
        ["model_alias"] = "llama-server",
        ["model_path"] = "none",
        ["default_generation_settings"] = new JsonObject { ["params"] = null, ["n_ctx"] = 0 },
        ["ui_settings"] = new JsonObject(),
        ["build_info"] = options.BuildInfo,
        ["cors_proxy_enabled"] = false,
    };

    public JsonObject Models()
    {
        var list = List();
        if (options.IsRouter)
            list["data"]![0]!["status"] = new JsonObject { ["value"] = "loaded" };
        return list;
    }

    /// <summary>llama-swap's list of what is loaded.</summary>
    public JsonObject Running() => new()
    {
        ["running"] = options.IsLoaded
            ? new JsonArray(new JsonObject { ["model"] = options.Model, ["state"] = "ready", ["cmd"] = "llama-server", ["ttl"] = 0 })
            : new JsonArray(),
    };

    private JsonObject List() => new()
    {
        ["models"] = new JsonArray(),
        ["object"] = "list",
        ["data"] = new JsonArray(new JsonObject
        {
            ["id"] = options.Model,
            ["aliases"] = new JsonArray(options.Model),
            ["object"] = "model",
            ["created"] = backend.NextSecond(),
            ["owned_by"] = "llamacpp",
            ["meta"] = options.Slots == 0 ? null : new JsonObject
            {
                ["vocab_type"] = 1,
                ["n_vocab"] = 356,
                ["n_ctx"] = options.ContextPerSlot,
                ["n_ctx_train"] = 131072,
                ["n_embd"] = 64,
                ["n_params"] = 152384,
                ["size"] = 305408,
                ["ftype"] = "F16",
            },
        }),
    };

    public JsonObject Row(FakeSlotView slot)
    {
        var row = new JsonObject
        {
            ["id"] = slot.Id,
            ["n_ctx"] = options.ContextPerSlot,
            ["speculative"] = false,
            ["is_processing"] = slot.IsProcessing,
        };
        if (slot.TaskId is not { } task)
            return row; // measured: even when something was restored into it
        row["id_task"] = task;
        row["n_prompt_tokens"] = slot.Tokens.Count;
        row["n_prompt_tokens_processed"] = 0;
        row["n_prompt_tokens_cache"] = 0;
        row["params"] = new JsonObject { ["n_predict"] = -1, ["lora"] = new JsonArray() };
        row["next_token"] = new JsonArray(new JsonObject { ["has_next_token"] = slot.IsProcessing, ["n_remain"] = -1, ["n_decoded"] = 0 });
        return row;
    }

    public static JsonObject Tokenize(JsonObject body)
    {
        var (addSpecial, parseSpecial) = (body["add_special"]?.GetValue<bool>() ?? false, body["parse_special"]?.GetValue<bool>() ?? true);
        var tokens = FakeTokens.Of(body["content"]?.ToString() ?? "", addSpecial, parseSpecial);
        return new JsonObject { ["tokens"] = new JsonArray([.. tokens.Select(token => (JsonNode)token)]) };
    }
}
