import com.ericsson.otp.erlang.OtpPeer;
import com.ericsson.otp.erlang.OtpSelf;

/**
 * A Java node: calls a node, or waits to be called, with jinterface as OTP ships it.
 *
 *   JavaNode call NAME COOKIE NODE    dials NODE, prints the result, and keeps the link
 *   JavaNode wait NAME COOKIE         registers in EPMD and takes whoever calls
 */
public final class JavaNode {
    public static void main(String[] arguments) throws Exception {
        OtpSelf self = new OtpSelf(arguments[1], arguments[2]);
        Object link = null;
        if (arguments[0].equals("call")) {
            try {
                link = self.connect(new OtpPeer(arguments[3]));
                System.out.println("called");
            } catch (Exception refused) {
                System.out.println("not called: " + refused);
            }
        } else {
            self.publishPort();
            System.out.println("waiting");
            while (true) {
                try {
                    link = self.accept();
                    System.out.println("accepted");
                } catch (Exception refused) {
                    System.out.println("not accepted: " + refused);
                }
            }
        }
        Thread.sleep(Long.MAX_VALUE);
        System.out.println(link);
    }
}
