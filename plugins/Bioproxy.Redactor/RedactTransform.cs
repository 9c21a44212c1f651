using System.Composition;
using System.Text;
using System.Text.Json;
using Bioproxy.Abstractions;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Redactor;

/// <summary>
/// Replaces secrets by placeholders on their way to the model. Late in the chain, so that it sees expanded templates and retrieved
/// passages.
/// </summary>
[PromptTransform("redact", Order = 1000)]
public sealed partial class RedactTransform : IPromptTransform
{
    private readonly RedactorSettings _settings;
    private readonly PatternSet _patterns;
    private readonly ILogger _logger;
    private readonly IPluginCounter _masked;
    private readonly IPluginCounter _unreachable;

    /// <summary>Created by the host.</summary>
    /// <param name="services">The host's services.</param>
    /// <exception cref="PluginSettingsException">The settings cannot be used.</exception>
    [ImportingConstructor]
    public RedactTransform(IPluginServices services)
    {
        ArgumentNullException.ThrowIfNull(services);
        _settings = services.Read(RedactorJson.Default.RedactorSettings);
        _patterns = PatternSet.Compile(_settings, $"plugins.{services.PluginName}");
        _logger = services.Logger;
        _masked = services.Metrics.Counter("masked", "Places where a secret was replaced by a placeholder.");
        _unreachable = services.Metrics.Counter("unreachable", "Secrets in parts of messages that no plugin can edit.");
    }

    /// <inheritdoc/>
    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        if (_patterns.Patterns.Count == 0)
            return ValueTask.CompletedTask;
        var masking = new Masking(_patterns, _settings.Restore);
        foreach (var name in MembersOf(context.Endpoint))
            MaskMember(context, name, masking);
        foreach (var message in context.Messages)
        {
            cancellationToken.ThrowIfCancellationRequested();
            MaskMessage(message, masking);
        }

        if (_settings.Restore && masking.Map.Count > 0)
            masking.Map.LeaveIn(context);
        if (!context.IsWarmUp)
            _masked.Add(masking.Masked);
        LogMasked(context.RequestId, masking.Masked, masking.Map.Count);
        LookAtTheRest(context, masking);
        return ValueTask.CompletedTask;
    }

    private static string[] MembersOf(PromptEndpoint endpoint) => endpoint switch
    {
        PromptEndpoint.Chat => ["tools"],
        PromptEndpoint.Messages => ["system", "tools"],
        PromptEndpoint.Responses => ["instructions", "tools"],
        _ => [],
    };

    private bool Masks(string role) => _settings.Roles is null || Array.IndexOf(_settings.Roles, role) >= 0;

    private void MaskMember(PromptContext context, string name, Masking masking)
    {
        if (context.Member(name) is { } value && MemberMasking.Mask(value.Span, masking, Masks("system")) is { } masked)
            context.ReplaceMember(name, masked);
    }

    private void MaskMessage(PromptMessage message, Masking masking)
    {
        foreach (var part in message.Parts)
        {
            if (part.Text is { } text)
                part.Text = masking.Mask(text, Masks(message.Role)); // the same string again is no edit
        }

        foreach (var part in message.OtherParts)
        {
            if (part.Text is { } text)
                part.Text = MaskOther(part, text, masking, Masks(RoleOf(message, part)));
        }
    }

    /// <summary>Arguments are JSON: a secret in them is escaped, and its placeholder must leave them JSON.</summary>
    private static string MaskOther(PromptPart part, string text, Masking masking, bool secrets)
    {
        if (part.Type != "tool_call")
            return masking.Mask(text, secrets);
        try
        {
            var masked = MemberMasking.Mask(Encoding.UTF8.GetBytes(text), masking, secrets, isProtocol: false);
            return masked is { } changed ? Encoding.UTF8.GetString(changed.Span) : text;
        }
        catch (JsonException)
        {
            return masking.Mask(text, secrets); // a model that was cut off, or a tool that takes plain text
        }
    }

    /// <summary>Items of <c>input</c> have no role.</summary>
    private static string RoleOf(PromptMessage message, PromptPart part) =>
        message.Role.Length > 0 ? message.Role : part.Type == "tool_result" ? "tool" : "assistant";

    private void LookAtTheRest(PromptContext context, Masking masking)
    {
        var count = UnreachableText.Count(context, Masks, masking);
        if (count == 0)
            return;
        _unreachable.Add(count);
        if (_settings.RefuseUnreachable)
            throw new InvalidOperationException($"{count} secrets stand in parts of messages that no plugin can edit, and "
                + "refuse_unreachable is on.");
        LogUnreachable(context.RequestId, count);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Request {Id}: {Places} places masked, {Secrets} distinct secrets")]
    private partial void LogMasked(string id, int places, int secrets);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Request {Id}: {Count} secrets in parts of messages that no plugin can edit went out unmasked")]
    private partial void LogUnreachable(string id, int count);
}
