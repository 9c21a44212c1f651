namespace Bioproxy.UnitTests.Backends;

/// <summary>Bodies of answers as a real llama-server (build 11669) sent them, only names and settings shortened.</summary>
internal static class CapturedAnswers
{
    /// <summary>A chat, not streamed.</summary>
    public const string ChatWhole = """
        {"choices":[{"finish_reason":"length","index":0,"message":{"role":"assistant","content":"$@!"}}],"created":1795263299,"model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion","usage":{"completion_tokens":3,"prompt_tokens":29,"total_tokens":32,"prompt_tokens_details":{"cached_tokens":0}},"id":"chatcmpl-zcXUrIEVMTYaSV35CZwuBdLr0o9ZdrUK","timings":{"cache_n":0,"prompt_n":29,"prompt_ms":1.578,"prompt_per_token_ms":0.05441379310344828,"prompt_per_second":18377.693282636246,"predicted_n":3,"predicted_ms":0.276,"predicted_per_token_ms":0.138,"predicted_per_second":7246.376811594202}}
        """;

    /// <summary>A chat, streamed: the timings stand in the chunk with the reason of the end.</summary>
    public const string ChatStream = """
        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1795263299,"id":"chatcmpl-xlnGB8prnajabwEqkXWsIp62A6i1lJl8","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"X"}}],"created":1795263299,"id":"chatcmpl-xlnGB8prnajabwEqkXWsIp62A6i1lJl8","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"6"}}],"created":1795263299,"id":"chatcmpl-xlnGB8prnajabwEqkXWsIp62A6i1lJl8","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"o"}}],"created":1795263299,"id":"chatcmpl-xlnGB8prnajabwEqkXWsIp62A6i1lJl8","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":"length","index":0,"delta":{}}],"created":1795263299,"id":"chatcmpl-xlnGB8prnajabwEqkXWsIp62A6i1lJl8","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk","timings":{"cache_n":28,"prompt_n":1,"prompt_ms":2.812,"prompt_per_token_ms":2.812,"prompt_per_second":355.6187766714083,"predicted_n":3,"predicted_ms":0.277,"predicted_per_token_ms":0.1385,"predicted_per_second":7220.216606498194}}

        data: [DONE]


        """;

    /// <summary>A chat with include_usage: the timings stand in an extra chunk.</summary>
    public const string ChatStreamWithUsage = """
        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1795263299,"id":"chatcmpl-6MfOrDvh4U2E4UzxHB0MVObgpXlZyI2V","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"$"}}],"created":1795263299,"id":"chatcmpl-6MfOrDvh4U2E4UzxHB0MVObgpXlZyI2V","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"@"}}],"created":1795263299,"id":"chatcmpl-6MfOrDvh4U2E4UzxHB0MVObgpXlZyI2V","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"!"}}],"created":1795263299,"id":"chatcmpl-6MfOrDvh4U2E4UzxHB0MVObgpXlZyI2V","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":"length","index":0,"delta":{}}],"created":1795263299,"id":"chatcmpl-6MfOrDvh4U2E4UzxHB0MVObgpXlZyI2V","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk"}

        data: {"choices":[],"created":1795263299,"id":"chatcmpl-6MfOrDvh4U2E4UzxHB0MVObgpXlZyI2V","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk","usage":{"completion_tokens":3,"prompt_tokens":29,"total_tokens":32,"prompt_tokens_details":{"cached_tokens":28}},"timings":{"cache_n":28,"prompt_n":1,"prompt_ms":0.277,"prompt_per_token_ms":0.277,"prompt_per_second":3610.108303249097,"predicted_n":3,"predicted_ms":0.278,"predicted_per_token_ms":0.139,"predicted_per_second":7194.244604316546}}

        data: [DONE]


        """;

    /// <summary>A chat with return_progress.</summary>
    public const string ChatStreamWithProgress = """
        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1795263299,"id":"chatcmpl-HUDAXyBqIjXviGjwwdzIFx5DmOz7pXjV","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk","prompt_progress":{"total":29,"cache":28,"processed":28,"time_ms":0}}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1795263299,"id":"chatcmpl-HUDAXyBqIjXviGjwwdzIFx5DmOz7pXjV","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk","prompt_progress":{"total":29,"cache":28,"processed":29,"time_ms":0}}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1795263299,"id":"chatcmpl-HUDAXyBqIjXviGjwwdzIFx5DmOz7pXjV","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"X"}}],"created":1795263299,"id":"chatcmpl-HUDAXyBqIjXviGjwwdzIFx5DmOz7pXjV","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"6"}}],"created":1795263299,"id":"chatcmpl-HUDAXyBqIjXviGjwwdzIFx5DmOz7pXjV","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"p"}}],"created":1795263299,"id":"chatcmpl-HUDAXyBqIjXviGjwwdzIFx5DmOz7pXjV","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":"length","index":0,"delta":{}}],"created":1795263299,"id":"chatcmpl-HUDAXyBqIjXviGjwwdzIFx5DmOz7pXjV","model":"tiny","system_fingerprint":"b11669-Debian","object":"chat.completion.chunk","timings":{"cache_n":28,"prompt_n":1,"prompt_ms":0.139,"prompt_per_token_ms":0.139,"prompt_per_second":7194.244604316546,"predicted_n":3,"predicted_ms":16.143,"predicted_per_token_ms":8.0715,"predicted_per_second":123.8927089140804}}

        data: [DONE]


        """;

    /// <summary>/v1/completions.</summary>
    public const string TextWhole = """
        {"choices":[{"text":"\\\\\\","index":0,"logprobs":null,"finish_reason":"length"}],"created":1795263299,"model":"tiny","system_fingerprint":"b11669-Debian","object":"text_completion","usage":{"completion_tokens":3,"prompt_tokens":4,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":1}},"id":"chatcmpl-vNzF5PH8qZ9KCcdwYmAf6jBYEZwGUMbm","timings":{"cache_n":1,"prompt_n":3,"prompt_ms":0.217,"prompt_per_token_ms":0.07233333333333333,"prompt_per_second":13824.884792626728,"predicted_n":3,"predicted_ms":0.219,"predicted_per_token_ms":0.1095,"predicted_per_second":9132.4200913242}}
        """;

    /// <summary>/v1/completions, streamed.</summary>
    public const string TextStream = """
        data: {"choices":[{"text":"\\","index":0,"logprobs":null,"finish_reason":null}],"created":1795263299,"model":"tiny","system_fingerprint":"b11669-Debian","object":"text_completion","id":"chatcmpl-Xe1cTJcDlTjRrEKP8cbV78IicCyWrtUU"}

        data: {"choices":[{"text":"\\","index":0,"logprobs":null,"finish_reason":null}],"created":1795263299,"model":"tiny","system_fingerprint":"b11669-Debian","object":"text_completion","id":"chatcmpl-Xe1cTJcDlTjRrEKP8cbV78IicCyWrtUU"}

        data: {"choices":[{"text":"\\","index":0,"logprobs":null,"finish_reason":null}],"created":1795263299,"model":"tiny","system_fingerprint":"b11669-Debian","object":"text_completion","id":"chatcmpl-Xe1cTJcDlTjRrEKP8cbV78IicCyWrtUU"}

        data: {"choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"length"}],"created":1795263299,"model":"tiny","system_fingerprint":"b11669-Debian","object":"text_completion","usage":{"completion_tokens":3,"prompt_tokens":4,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":3}},"id":"chatcmpl-Xe1cTJcDlTjRrEKP8cbV78IicCyWrtUU","timings":{"cache_n":3,"prompt_n":1,"prompt_ms":0.148,"prompt_per_token_ms":0.148,"prompt_per_second":6756.756756756757,"predicted_n":3,"predicted_ms":0.237,"predicted_per_token_ms":0.1185,"predicted_per_second":8438.818565400845}}

        data: [DONE]


        """;

    /// <summary>/v1/responses: no timings, only usage.</summary>
    public const string ResponsesWhole = """
        {"completed_at":1795263299,"created_at":1795263299,"id":"resp_BBeTl6ldj5EppZhf9rEJuZF7MfxKdo7D","model":"tiny","object":"response","output":[{"content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"*}@"}],"id":"msg_vme4TQiTeRDtMoXRDISCP4rQmtE6SJOw","role":"assistant","status":"completed","type":"message"}],"status":"completed","usage":{"input_tokens":23,"output_tokens":3,"total_tokens":26,"input_tokens_details":{"cached_tokens":0}}}
        """;

    /// <summary>/v1/responses, streamed.</summary>
    public const string ResponsesStream = """
        event: response.created
        data: {"type":"response.created","response":{"id":"resp_j4F0hKM2nCkHrDlBSDkV2KcacnKY6h8D","object":"response","status":"in_progress"}}

        event: response.in_progress
        data: {"type":"response.in_progress","response":{"id":"resp_j4F0hKM2nCkHrDlBSDkV2KcacnKY6h8D","object":"response","status":"in_progress"}}

        event: response.output_item.added
        data: {"type":"response.output_item.added","item":{"content":[],"id":"msg_yE5KEumwXxb0a83i19V3cSIHMIJTOX5N","role":"assistant","status":"in_progress","type":"message"}}

        event: response.content_part.added
        data: {"type":"response.content_part.added","item_id":"msg_yE5KEumwXxb0a83i19V3cSIHMIJTOX5N","part":{"type":"output_text","text":""}}

        event: response.output_text.delta
        data: {"type":"response.output_text.delta","item_id":"msg_yE5KEumwXxb0a83i19V3cSIHMIJTOX5N","delta":")"}

        event: response.output_text.delta
        data: {"type":"response.output_text.delta","item_id":"msg_yE5KEumwXxb0a83i19V3cSIHMIJTOX5N","delta":"k"}

        event: response.output_text.delta
        data: {"type":"response.output_text.delta","item_id":"msg_yE5KEumwXxb0a83i19V3cSIHMIJTOX5N","delta":"["}

        event: response.output_text.done
        data: {"type":"response.output_text.done","item_id":"msg_yE5KEumwXxb0a83i19V3cSIHMIJTOX5N","text":")k["}

        event: response.content_part.done
        data: {"type":"response.content_part.done","item_id":"msg_yE5KEumwXxb0a83i19V3cSIHMIJTOX5N","part":{"type":"output_text","annotations":[],"logprobs":[],"text":")k["}}

        event: response.output_item.done
        data: {"type":"response.output_item.done","item":{"type":"message","status":"completed","id":"msg_yE5KEumwXxb0a83i19V3cSIHMIJTOX5N","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":")k["}],"role":"assistant"}}

        event: response.completed
        data: {"type":"response.completed","response":{"id":"resp_j4F0hKM2nCkHrDlBSDkV2KcacnKY6h8D","object":"response","created_at":1795263299,"status":"completed","model":"tiny","output":[{"type":"message","status":"completed","id":"msg_yE5KEumwXxb0a83i19V3cSIHMIJTOX5N","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":")k["}],"role":"assistant"}],"usage":{"input_tokens":23,"output_tokens":3,"total_tokens":26,"input_tokens_details":{"cached_tokens":22}}},"timings":{"cache_n":22,"prompt_n":1,"prompt_ms":0.153,"prompt_per_token_ms":0.153,"prompt_per_second":6535.9477124183,"predicted_n":3,"predicted_ms":0.313,"predicted_per_token_ms":0.1565,"predicted_per_second":6389.776357827476}}


        """;

    /// <summary>/v1/messages: usage counts cached tokens apart.</summary>
    public const string MessagesWhole = """
        {"id":"chatcmpl-AtIaS4XG7tiK2jsAKwWo8I7kolC12slX","type":"message","role":"assistant","content":[{"type":"text","text":"X6p"}],"model":"tiny","stop_reason":"max_tokens","stop_sequence":null,"usage":{"cache_read_input_tokens":28,"input_tokens":1,"output_tokens":3}}
        """;

    /// <summary>/v1/messages, streamed: the input is counted in the first event, the output in the last but one.</summary>
    public const string MessagesStream = """
        event: message_start
        data: {"type":"message_start","message":{"id":"chatcmpl-HbTwX8If3TBXU3Ov5SQgBVXvk7yvTODQ","type":"message","role":"assistant","content":[],"model":"tiny","stop_reason":null,"stop_sequence":null,"usage":{"cache_read_input_tokens":28,"input_tokens":1,"output_tokens":0}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"$"}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"@"}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"!"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"max_tokens","stop_sequence":null},"usage":{"output_tokens":3}}

        event: message_stop
        data: {"type":"message_stop"}


        """;

    /// <summary>/completion.</summary>
    public const string NativeWhole = """
        {"index":0,"content":"\\|","tokens":[],"id_slot":1,"stop":true,"model":"tiny","tokens_predicted":2,"tokens_evaluated":3,"generation_settings":{"seed":4294967295,"samplers":["top_k"],"lora":[]},"prompt":"\u0002\u0003\u0004","has_new_line":false,"truncated":false,"stop_type":"limit","stopping_word":"","tokens_cached":4,"timings":{"cache_n":0,"prompt_n":3,"prompt_ms":0.193,"prompt_per_token_ms":0.06433333333333334,"prompt_per_second":15544.041450777202,"predicted_n":2,"predicted_ms":0.134,"predicted_per_token_ms":0.134,"predicted_per_second":7462.686567164179}}
        """;

    /// <summary>/completion without output, streamed with progress.</summary>
    public const string NativeStream = """
        data: {"index":0,"content":"","tokens":[0],"stop":false,"id_slot":-1,"tokens_predicted":0,"tokens_evaluated":3,"prompt_progress":{"total":3,"cache":2,"processed":2,"time_ms":0}}

        data: {"index":0,"content":"","tokens":[0],"stop":false,"id_slot":-1,"tokens_predicted":0,"tokens_evaluated":3,"prompt_progress":{"total":3,"cache":2,"processed":3,"time_ms":0}}

        data: {"index":0,"content":"R","tokens":[309],"stop":false,"id_slot":-1,"tokens_predicted":1,"tokens_evaluated":3}

        data: {"index":0,"content":"","tokens":[],"id_slot":1,"stop":true,"model":"tiny","tokens_predicted":1,"tokens_evaluated":3,"generation_settings":{"seed":4294967295,"samplers":["top_k"],"lora":[]},"prompt":"\u0002\u0003\u0004","has_new_line":false,"truncated":false,"stop_type":"limit","stopping_word":"","tokens_cached":3,"timings":{"cache_n":2,"prompt_n":1,"prompt_ms":0.128,"prompt_per_token_ms":0.128,"prompt_per_second":7812.5,"predicted_n":1,"predicted_ms":0.001,"predicted_per_token_ms":0.0,"predicted_per_second":0.0}}


        """;

    /// <summary>/completion with probabilities behind the timings.</summary>
    public const string Probe = """
        {"index":0,"content":"!","tokens":[],"id_slot":0,"stop":true,"model":"tiny","tokens_predicted":1,"tokens_evaluated":2,"generation_settings":{"seed":4294967295,"samplers":["top_k"],"lora":[]},"prompt":"<s>x","has_new_line":false,"truncated":false,"stop_type":"limit","stopping_word":"","tokens_cached":2,"timings":{"cache_n":0,"prompt_n":2,"prompt_ms":0.181,"prompt_per_token_ms":0.0905,"prompt_per_second":11049.723756906078,"predicted_n":1,"predicted_ms":0.001,"predicted_per_token_ms":0.0,"predicted_per_second":0.0},"completion_probabilities":[{"id":260,"token":"!","bytes":[33],"logprob":-1.2745147943496704,"top_logprobs":[{"id":260,"token":"!","bytes":[33],"logprob":-1.2745147943496704},{"id":322,"token":"_","bytes":[95],"logprob":-1.9032161235809326},{"id":347,"token":"x","bytes":[120],"logprob":-2.184241771697998}]}]}
        """;

    /// <summary>An error has no timings.</summary>
    public const string Error = """
        {"error":{"code":400,"message":"Field 'n': Value must be between 1 <= value <= 2, but got 3","type":"invalid_request_error"}}
        """;
}
