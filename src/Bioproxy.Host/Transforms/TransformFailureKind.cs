namespace Bioproxy.Host.Transforms;

/// <summary>How a plugin's transform failed.</summary>
internal enum TransformFailureKind
{
    /// <summary>It threw.</summary>
    Exception,

    /// <summary>It was still running when the request's time budget was used up.</summary>
    Timeout,
}
