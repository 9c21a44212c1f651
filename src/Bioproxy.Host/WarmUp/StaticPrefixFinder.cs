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
internal sealed class StaticPrefixFinder(PluginManager plugins, TransformChain transforms)
{
    /// <summary>Letters, a digit, punctuation, another script: a tokenizer may merge the end of the template with what follows, and
    /// only what survives every kind of beginning is static.</summary>
    public static readonly IReadOnlyList<string> Messages = ["Alpha", "7 zero", "(x)", "Ünïcode", "\"quoted\""];

    /// <summary>A time for each, without a digit, a month or a day in common: what a plugin writes of it ahead of the message is not
    /// static.</summary>
    private static readonly DateTimeOffset[] Times =
    [
        new(1111, 2, 3, 4, 5, 6, TimeSpan.Zero), new(2987, 11, 28, 17, 46, 39, TimeSpan.Zero), new(3456, 7, 15, 12, 30, 0, TimeSpan.Zero),
        new(4820, 9, 9, 21, 13, 57, TimeSpan.Zero),
        new(5093, 12, 31, 9, 59, 2, TimeSpan.Zero),
    ];

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

    private async Task<(Rehearsal? Rehearsal, string? Problem)> RehearseAsync(
        PluginSet generation, string prefix, CancellationToken cancellationToken)
    {
        var bodies = new List<byte[]>();
        byte[]? common = null;
        foreach (var message in Messages)
        {
            var body = Encoding.UTF8.GetBytes(
                "{\"messages\":[{\"role\":\"user\",\"content\":" + Encoding.UTF8.GetString(JsonText.Quote($"{prefix} {message}")) + "}]}");
            var prompt = new EditablePrompt(
                PromptBody.Read(body, PromptEndpoint.Chat)!, "warm-up", isWarmUp: true, Times[bodies.Count], $"{bodies.Count} rehearses");
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
    public static async Task<(StaticPrefix? Prefix, string? Problem)> TokenizeAsync(
        ISlotApi api, Rehearsal rehearsal, CancellationToken cancellationToken)
    {
        int[]? common = null;
        var total = 0;
        foreach (var body in rehearsal.Bodies)
        {
            var rendered = await api.ApplyTemplateAsync(body, cancellationToken).ConfigureAwait(false);
            if (rendered.Value is null)
                return (null, $"the backend could not render the prompt: {rendered.Problem}");
            var tokens = await api.TokenizeAsync(rendered.Value, cancellationToken).ConfigureAwait(false);
            if (tokens.Value is null)
                return (null, $"the backend could not tokenise the prompt: {tokens.Problem}");
            total = Math.Max(total, tokens.Value.Length);
            common = common is null ? tokens.Value : common[..common.AsSpan().CommonPrefixLength(tokens.Value)];
        }

        return (new StaticPrefix(common!, Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(common.AsSpan()))), total), null);
    }
}
