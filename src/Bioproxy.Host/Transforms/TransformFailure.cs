namespace Bioproxy.Host.Transforms;

/// <summary>The failed step of a chain. The message is one sentence for the client; it names plugin and transform.</summary>
internal sealed record TransformFailure(string Plugin, string Transform, TransformFailureKind Kind, string Message);
