namespace Bioproxy.Abstractions;

/// <summary>The prompt of one request, as plugins see and edit it.</summary>
/// <remarks>
/// Edits are made by assigning <see cref="PromptPart.Text"/>. The host replaces exactly the JSON strings that changed; every
/// other byte of the request body reaches the backend as the client sent it.
/// </remarks>
public sealed class PromptContext
{
    /// <summary>Made by the host, and by tests of plugins.</summary>
    /// <param name="requestId">The request's id.</param>
    /// <param name="endpoint">The kind of endpoint.</param>
    /// <param name="model">The request's <c>model</c> member.</param>
    /// <param name="isWarmUp">Whether this is a rehearsal by warm-up.</param>
    /// <param name="messages">The messages, oldest first.</param>
    /// <param name="body">The whole request body.</param>
    public PromptContext(string requestId, PromptEndpoint endpoint, string? model, bool isWarmUp, IReadOnlyList<PromptMessage> messages,
        ReadOnlyMemory<byte> body)
    {
        RequestId = requestId;
        Endpoint = endpoint;
        Model = model;
        IsWarmUp = isWarmUp;
        Messages = messages;
        Body = body;
    }

    /// <summary>The id that the response carries as <c>X-Bioproxy-Request-Id</c>.</summary>
    public string RequestId { get; }

    /// <summary>Which family of endpoint the client called.</summary>
    public PromptEndpoint Endpoint { get; }

    /// <summary>The <c>model</c> member, or null when it is missing or no string.</summary>
    public string? Model { get; }

    /// <summary>True when warm-up rehearses the chain with a placeholder message. A transform must treat it like any request.</summary>
    public bool IsWarmUp { get; }

    /// <summary>The messages, oldest first. A raw completion prompt appears as one message with role <c>user</c>.</summary>
    public IReadOnlyList<PromptMessage> Messages { get; }

    /// <summary>The request body as the client sent it: UTF-8 JSON, without the edits of any transform. Do not keep it.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The lane in which the request will wait for a slot. A transform may change it; its word is the last.</summary>
    public PromptLane Lane { get; set; }
}
