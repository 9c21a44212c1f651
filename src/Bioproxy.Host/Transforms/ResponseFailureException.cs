namespace Bioproxy.Host.Transforms;

/// <summary>A plugin failed in the middle of a response.</summary>
internal sealed class ResponseFailureException(TransformFailure failure) : Exception(failure.Message)
{
    public TransformFailure Failure { get; } = failure;
}
