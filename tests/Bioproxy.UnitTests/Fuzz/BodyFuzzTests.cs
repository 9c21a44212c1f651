using System.Text;
using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Http;
using Bioproxy.Host.Json;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Protocols.Ollama;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Fuzz;

/// <summary>Bodies of clients: one is refused, or nothing changes in it but what was edited.</summary>
public sealed class BodyFuzzTests
{
    private static readonly string[] Names =
    [
        "\"messages\":", "\"role\":\"user\"", "\"content\":", "\"type\":\"text\",\"text\":", "\"system\":", "\"input\":",
        "\"prompt\":", "\"tools\":",
        "\"id_slot\":", "\"cache_prompt\":false", "\"stream\":true", "\"n\":", "\"metadata\":", "\"prompt_cache_key\":",
        "\"tool_calls\":",
        "\"arguments\":", "\"role\":\"tool\"", "\"instructions\":", "\"input_prefix\":", "\"reasoning_content\":", "\"model\":",
        "\"images\":",
        "\"options\":", "\"format\":", "\"keep_alive\":", "\"max_tokens\":", "\"cache_control\":{\"type\":\"ephemeral\"}",
    ];

    private static readonly string[] Texts =
    [
        """{"model":"m","messages":[{"role":"system","content":"be brief"},{"role":"user","content":"@code How?"}],"stream":true}""",
        """{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{}}]}],"id_slot":2}""",
        """{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"1","function":{"name":"f","arguments":"{\"a\":1}"}}]},"""
            + """{"role":"tool","tool_call_id":"1","content":"x"}],"tools":[{"type":"function","function":{"name":"f"}}]}""",
        """{"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"q"}],"""
            + """ "metadata":{"user_id":"user_1_account__session_2"}}""",
        """{"instructions":"i","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"q"}]},"""
            + """{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}],"previous_response_id":"r"}""",
        """{"prompt":"once upon","n_predict":4,"cache_prompt":true}""",
        """{"prompt":["a","b",[1,2,3]],"n":2,"logit_bias":[[1,false]]}""",
        """{"input_prefix":"a","input_suffix":"b","input_extra":[{"text":"t","filename":"f"}],"prompt":"p"}""",
        """{"input":"a text","prompt_cache_key":"k","user":"u","response_format":{"type":"json_schema"}}""",
    ];

    private static readonly string[] OllamaTexts =
    [
        """{"model":"m","messages":[{"role":"user","content":"q","images":["aGk="]}],"stream":false,"options":{"stop":["a"]}}""",
        """{"messages":[{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]}],"tools":[]}""",
        """{"model":"m","prompt":"p","system":"s","suffix":"x","raw":true,"think":"low","format":{"type":"object"},"keep_alive":"5m"}""",
        """{"model":"m","input":["a","b"],"dimensions":3,"prompt":"x"}""",
        """{"model":"m","prompt":"","keep_alive":0}""",
    ];

    private static readonly PromptEndpoint[] Endpoints = Enum.GetValues<PromptEndpoint>();
    private static readonly PromptForm[] Forms = Enum.GetValues<PromptForm>();

    [Fact]
    public void Read_MutatedBodies_AreRefusedOrKeepEveryByte()
    {
        var at = 0;
        var read = 0;
        FuzzRun.Bytes(Seeds(), Names, bytes =>
        {
            var endpoint = Endpoints[at++ % Endpoints.Length];
            var extent = JsonExtent.Of(bytes);
            var json = bytes.AsMemory(extent.Start, extent.Length);
            var form = endpoint == PromptEndpoint.Completion ? Forms[at % Forms.Length] : PromptForm.Usual;
            if (PromptBody.Read(json, endpoint, form) is not { } body)
            {
                Assert.NotEmpty(PromptBody.ProblemOf(json.Span));
                return;
            }

            read++;
            Check(json.ToArray(), body, form);
        });
        Assert.InRange(read, FuzzRun.Count / 20, FuzzRun.Count); // the mutations leave something to look at
    }

    [Fact]
    public void Members_OfMutatedObjects_AreFoundOrNot() => FuzzRun.Bytes(Seeds(), Names, bytes =>
    {
        if (JsonMembers.Find(bytes, "messages") is { } range)
            Assert.InRange(range.End, range.Start, bytes.Length);
        _ = JsonMembers.Text(bytes, "model");
        _ = JsonLookup.LastObject(bytes, "\"metadata\":"u8);
        _ = JsonLookup.FirstObject(bytes, "\"metadata\":"u8);
    });

    [Fact]
    public void Ollama_MutatedBodies_AreRefusedOrBecomeJson()
    {
        OllamaCall[] calls = [OllamaCall.Chat, OllamaCall.Generate, OllamaCall.Embed, OllamaCall.Embeddings];
        var at = 0;
        FuzzRun.Bytes([.. Seeds(), .. OllamaTexts.Select(Encoding.UTF8.GetBytes)], Names, bytes =>
        {
            var (request, failure) = OllamaRequest.Read(bytes, calls[at++ % calls.Length]);
            _ = OllamaRequest.ModelOf(bytes);
            Assert.NotEqual(request is null, failure is null);
            if (failure is not null)
                Assert.Equal(FailureKind.ClientBodyInvalid, failure.Kind);
            else if (!request!.Body.IsEmpty)
                JsonDocument.Parse(request.Body, OllamaJson.Deep).Dispose();
        });
    }

    /// <summary>What plugins and the proxy do to a body that was read.</summary>
    private static void Check(byte[] bytes, PromptBody body, PromptForm form)
    {
        var prompt = new EditablePrompt(body, "id", isWarmUp: false);
        foreach (var message in prompt.Context.Messages)
        {
            _ = message.Parts.Select(part => part.Text).Count();
            _ = message.OtherParts.Select(part => part.Text).Count();
        }

        Assert.Empty(prompt.Splices());
        Assert.True(new SplicedBody(bytes, []).ToArray().AsSpan().SequenceEqual(bytes));
        CanonicalPrompt.Build(prompt).Dispose();

        // Pinned and edited, it is still a body of as many messages.
        var edited = 0;
        foreach (var part in prompt.Context.Messages.SelectMany(message => message.Parts).Where(part => part.Text is not null))
        {
            part.Text = "\"edited\"\n";
            edited++;
        }

        var spliced = new SplicedBody(bytes, [.. prompt.Splices(), body.Splices.Pin(3)]).ToArray();
        var again = PromptBody.Read(spliced, body.Endpoint, form);
        if (again is null)
            Assert.Fail($"The edited body cannot be read: {Encoding.UTF8.GetString(spliced)}");
        Assert.Equal("3", Encoding.UTF8.GetString(again.IdSlot!.Value.Of(spliced)));
        if (body.Endpoint != PromptEndpoint.Completion)
            Assert.Equal(edited, again.Messages.SelectMany(message => message.Parts).Count(part => IsEdited(part, spliced)));
    }

    private static bool IsEdited(PartRange part, byte[] bytes) =>
        part.IsText && JsonText.StringOrNull(part.Range.Of(bytes)) == "\"edited\"\n";

    private static byte[][] Seeds()
    {
        var random = new ChatBodies(31);
        return [.. Texts.Select(Encoding.UTF8.GetBytes), .. Enumerable.Range(0, 20).Select(_ => random.Next().Body)];
    }
}
