namespace Bioproxy.Host.Http;

/// <summary>An expected failure as a value. Its kind decides the status; its message says what happened and what can be done.</summary>
/// <param name="Kind">Side and phase.</param>
/// <param name="Message">For the user of the client.</param>
/// <param name="RetryAfter">After what time a retry makes sense; null where it makes none.</param>
internal sealed record ProxyFailure(FailureKind Kind, string Message, TimeSpan? RetryAfter = null)
{
    public int Status => Kind switch
    {
        FailureKind.ClientGone or FailureKind.Cancelled => 499, // SDKs repeat a request after a 5xx by themselves
        FailureKind.ClientBodyTimedOut => 408,
        FailureKind.ClientBodyTooLarge => 413,
        FailureKind.ClientBodyEncoded or FailureKind.ClientBodyForm => 415,
        FailureKind.ClientBodyBroken or FailureKind.ClientBodyInvalid or FailureKind.ClientHeaderWrong => 400,
        FailureKind.KeyUnknown => 401,
        FailureKind.KeyForbids => 403,
        FailureKind.ModelNotFound => 404,
        FailureKind.NotSupported => 501,
        FailureKind.QueueFull or FailureKind.KeyLimit => 429,
        FailureKind.QueueTimedOut or FailureKind.MemoryFull or FailureKind.ModelNotLoaded => 503,
        FailureKind.BackendUnreachable or FailureKind.BackendClosed => 502,
        FailureKind.BackendTimedOut => 504,
        _ => 500,
    };

    /// <summary>The error's <c>type</c>, as the OpenAI API names them.</summary>
    public string Type => ErrorDetail.TypeOf(Status);

    /// <summary>The error's <c>code</c>: stable, for programs.</summary>
    public string Code => Kind switch
    {
        FailureKind.ClientGone => "client_gone",
        FailureKind.Cancelled => "request_cancelled",
        FailureKind.ClientBodyTooLarge => "request_too_large",
        FailureKind.ClientBodyEncoded => "unsupported_content_encoding",
        FailureKind.ClientBodyForm => "unsupported_media_type",
        FailureKind.ClientBodyBroken => "request_incomplete",
        FailureKind.ClientBodyTimedOut => "request_timeout",
        FailureKind.ClientHeaderWrong => "invalid_header",
        FailureKind.ClientBodyInvalid => "invalid_request",
        FailureKind.KeyUnknown => "invalid_api_key",
        FailureKind.KeyForbids => "permission_denied",
        FailureKind.KeyLimit => "rate_limit_exceeded",
        FailureKind.ModelNotFound => "model_not_found",
        FailureKind.NotSupported => "not_supported",
        FailureKind.MemoryFull => "memory_full",
        FailureKind.PluginFailed => "plugin_failed",
        FailureKind.PluginTimedOut => "plugin_timed_out",
        FailureKind.QueueFull => "queue_full",
        FailureKind.QueueTimedOut => "queue_timeout",
        FailureKind.ModelNotLoaded => "model_not_loaded",
        FailureKind.BackendUnreachable => "backend_unreachable",
        FailureKind.BackendClosed => "backend_closed",
        FailureKind.BackendTimedOut => "backend_timeout",
        _ => "internal_error",
    };
}
