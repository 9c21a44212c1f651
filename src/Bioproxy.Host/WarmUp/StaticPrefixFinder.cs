using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Json;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Transforms;

namespace Bioproxy.Host.WarmUp;

/// <summary>
/// Finds the exact beginning of a template's prompts through the front door: the whole transform chain runs on the prefix with
/// several messages that have nothing in common, the backend renders and tokenises each, and the tokens they share are what
/// may be kept. So it is right whatever plugin or engine made it.
/// </summary>
internal sealed class StaticPrefixFinder(PluginManager plugins, TransformChain transforms, LlamaClient client)
{
    /// <summary>Letters, a digit, punctuation, another script: a tokenizer may merge the end of the template with what follows, and
    /// only what survives every kind of beginning is static.</summary>
    private static readonly string[] Messages = ["Alpha", "7 zero", "(x)", "Ünïcode", "\"quoted\""];

    /// <summary>Runs the chain; touches nothing but plugins.</summary>
    public async Task<(Rehearsal? Rehearsal, string? Problem)> RehearseAsync(string prefix, CancellationToken cancellationToken)
    {
        var generation = plugins.Pin();
        try
        {
            return await RehearseAsync(generation, prefix, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            generation.Unpin();
        }
    }

    private async Task<(Rehearsal? Rehearsal, string? Problem)> RehearseAsync(PluginSet generation, string prefix, CancellationToken cancellationToken)
    {
        var time = DateTimeOffset.UnixEpoch;
        var bodies = new List<byte[]>();
        byte[]? common = null;
        foreach (var message in Messages)
        {
            // Another model and another time in each: what a plugin writes of them ahead of the message is not static either.
            time = time.AddDays(400).AddMinutes(61);
            var body = Encoding.UTF8.GetBytes("{\"messages\":[{\"role\":\"user\",\"content\":" + Encoding.UTF8.GetString(JsonText.Quote($"{prefix} {message}")) + "}]}");
            var prompt = new EditablePrompt(PromptBody.Read(body, PromptEndpoint.Chat)!, "warm-up", isWarmUp: true, time, $"{bodies.Count} rehearses");
            var result = await transforms.RunAsync(generation.Transforms, prompt.Context, cancellationToken).ConfigureAwait(false);
            if (result.Failure is { } failure)
                return (null, failure.Message);
            bodies.Add(new SplicedBody(body, prompt.Splices()).ToArray());
            using var canonical = CanonicalPrompt.Build(prompt);
            common = common is null ? canonical.Text.ToArray() : common[..canonical.Text.CommonPrefixLength(common)];
        }

        return (new Rehearsal(bodies, common!, ChainHash.Of(common)), null);
    }

    /// <summary>Asks the backend for the tokens of each body, and takes what they share.</summary>
    public async Task<(StaticPrefix? Prefix, string? Problem)> TokenizeAsync(Rehearsal rehearsal, CancellationToken cancellationToken)
    {
        int[]? common = null;
        var total = 0;
        foreach (var body in rehearsal.Bodies)
        {
            var rendered = await client.ApplyTemplateAsync(body, cancellationToken).ConfigureAwait(false);
            if (rendered.Value is null)
                return (null, $"the backend could not render the prompt: {rendered.Problem}");
            var tokens = await client.TokenizeAsync(rendered.Value, cancellationToken).ConfigureAwait(false);
            if (tokens.Value is null)
                return (null, $"the backend could not tokenise the prompt: {tokens.Problem}");
            total = Math.Max(total, tokens.Value.Length);
            common = common is null ? tokens.Value : common[..common.AsSpan().CommonPrefixLength(tokens.Value)];
        }

        return (new StaticPrefix(common!, Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(common.AsSpan()))), total), null);
    }
}
