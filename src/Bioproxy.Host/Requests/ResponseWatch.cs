namespace Bioproxy.Host.Requests;

/// <summary>Watches an answer pass: notices when it begins, and hands every read to who looks at it.</summary>
internal sealed class ResponseWatch(Exchange exchange, ModelAnswer? answer, RequestReport report)
{
    private bool _hasBegun;
    private bool _isMeasured;

    public void OnRead(ReadOnlyMemory<byte> bytes)
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            exchange.IsWaitingStream = false;
            answer?.Begin();
        }

        if (!_isMeasured && answer?.Gate?.IsOpen != false)
        {
            _isMeasured = true;
            report.FirstByte(exchange);
        }

        if (_isMeasured && answer is not null)
            exchange.Progress.Events += bytes.Span.Count("data:"u8);
        answer?.Look(bytes);
    }
}
